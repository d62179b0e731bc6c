/** The severities of Cloud Logging that the suite uses. ALERT needs the attention of a person. */
export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'ALERT';

export interface Logger {
  /**
   * Writes one event.
   * @param event a stable name for log-based metrics and searches, e.g. `request` or `signing_failed`
   * @param fields data of the event; an Error is written with its name, message, code and causes
   */
  log(severity: Severity, event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger that adds these fields to each event. */
  with(fields: Readonly<Record<string, unknown>>): Logger;
}

/** A logger that discards everything, for tests and benches. */
export const silentLogger: Logger = { log: () => undefined, with: () => silentLogger };
