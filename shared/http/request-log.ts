import type { IncomingMessage } from 'node:http';
import type { LogSink } from '../logging/cloud-logging.ts';
import { traceFields } from './request-context.ts';

/** What is to be told of a request that was answered from memory. */
export interface ServedRequest {
  readonly requestId: string;
  readonly clientIp: string;
  /** As `performance.now()` has it. */
  readonly startedAt: number;
  readonly status: number;
}

export interface RequestLog {
  write(request: IncomingMessage, answered: ServedRequest): void;
}

/**
 * The log's line of a request, to the letter what the logger would write, for answers that cost little more than it
 * does: put together by hand it takes a quarter of the time, and the lines of one turn of the event loop leave
 * together, as a write takes longer than the answer.
 * @param service the function's name, a label on every line
 * @param sink gets each line at once; by default they go to standard output, before anything else can happen
 */
export function createRequestLog(
  service: string,
  projectId: string,
  sink: LogSink = createBufferedOutput(),
): RequestLog {
  const labels = JSON.stringify({ service });
  const now = createTimestamps();
  return {
    write(request, { requestId, clientIp, startedAt, status }) {
      const trace = traceFields(request, projectId)['logging.googleapis.com/trace'];
      const userAgent = request.headers['user-agent'];
      const latency = ((performance.now() - startedAt) / 1000).toFixed(4);
      sink(
        `{"severity":"INFO","message":"request","time":"${now()}","logging.googleapis.com/labels":${labels}` +
          `,"request_id":"${requestId}"` + // only harmless characters, see requestIdOf
          (trace === undefined ? '' : `,"logging.googleapis.com/trace":${JSON.stringify(trace)}`) +
          `,"httpRequest":{"requestMethod":"${request.method}","requestUrl":${JSON.stringify(request.url)}` +
          `,"status":${status},"remoteIp":${JSON.stringify(clientIp)}` +
          (userAgent === undefined ? '' : `,"userAgent":${JSON.stringify(userAgent)}`) +
          `,"latency":"${latency}s"}}`,
      );
    },
  };
}

/** ISO 8601; written once a millisecond, since that takes as long as the rest of a line. */
function createTimestamps(): () => string {
  let at = Number.NaN;
  let text = '';
  return () => {
    const now = Date.now();
    if (now !== at) {
      at = now;
      text = new Date(now).toISOString();
    }
    return text;
  };
}

function createBufferedOutput(): LogSink {
  let waiting = '';
  const flush = () => {
    if (waiting !== '') process.stdout.write(waiting);
    waiting = '';
  };
  process.once('exit', flush);
  return (line) => {
    if (waiting === '') setImmediate(flush);
    waiting += `${line}\n`;
  };
}
