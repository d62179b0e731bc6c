import type { Logger } from '../model/logger.ts';

/** Receives one line of the log, without the line break. */
export type LogSink = (line: string) => void;

const toStdout: LogSink = (line) => {
  process.stdout.write(`${line}\n`);
};

/**
 * Writes each event as one JSON line, in the format that Cloud Logging reads from standard output (structured logging:
 * `severity`, `message`, `logging.googleapis.com/trace`, `logging.googleapis.com/labels`).
 * @param service name of the function, a label of every event
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

/** Writes errors, and never bytes, which may be a key or a plaintext. `Sensitive` redacts itself. */
function writeErrors(this: Readonly<Record<string, unknown>>, name: string, value: unknown): unknown {
  if (ArrayBuffer.isView(this[name])) return '[bytes]'; // the original value: Buffer.toJSON has already converted the argument
  if (!(value instanceof Error)) return typeof value === 'bigint' ? value.toString() : value;
  const code = 'code' in value ? { code: value.code } : {};
  const cause = value.cause === undefined ? {} : { cause: value.cause };
  // A coded error is expected and needs no stack.
  return {
    name: value.name,
    message: value.message,
    ...code,
    ...cause,
    ...('code' in value ? {} : { stack: value.stack }),
  };
}
