import type { Logger } from '../model/logger.ts';

/** Receives one line of the log, without the line break. */
export type LogSink = (line: string) => void;

const toStdout: LogSink = (line) => {
  process.stdout.write(`${line}\n`);
};

/**
 * One JSON line an event, in the form that Cloud Logging reads from standard output (structured logging: `severity`,
 * `message`, `logging.googleapis.com/trace`, `logging.googleapis.com/labels`).
 * @param service the function's name, a label on every event
 */
export function createLogger(
  service: string,
  sink: LogSink = toStdout,
  base: Readonly<Record<string, unknown>> = {},
): Logger {
  return {
    log(severity, event, fields = {}) {
      const entry = {
        severity,
        message: event,
        time: new Date().toISOString(),
        'logging.googleapis.com/labels': { service },
        ...base,
        ...fields,
      };
      sink(JSON.stringify(entry, writeErrors));
    },
    with: (fields) => createLogger(service, sink, { ...base, ...fields }),
  };
}

/** Bytes are never written, whatever they are called: they may be a key or a plaintext. `Sensitive` sees to itself. */
function writeErrors(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  if (ArrayBuffer.isView(this[name])) return '[bytes]'; // before Buffer.toJSON has made an object of it
  if (!(value instanceof Error)) return typeof value === 'bigint' ? value.toString() : value;
  const code = 'code' in value ? { code: value.code } : {};
  const cause = value.cause === undefined ? {} : { cause: value.cause };
  // The stack is for what nobody foresaw; a coded error says all there is to say by its code.
  return {
    name: value.name,
    message: value.message,
    ...code,
    ...cause,
    ...('code' in value ? {} : { stack: value.stack }),
  };
}
