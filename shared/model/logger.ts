/** Cloud Logging's severities, as far as we use them. ALERT is for what somebody must look at. */
export type Severity = 'DEBUG' | 'INFO' | 'WARNING' | 'ERROR' | 'ALERT';

export interface Logger {
  /**
   * Writes one event.
   * @param event its name, stable, for log-based metrics and searches, e.g. `request` or `signing_failed`
   * @param fields what belongs to it; an Error is written as its name, message, code and causes
   */
  log(severity: Severity, event: string, fields?: Readonly<Record<string, unknown>>): void;
  /** A logger whose events carry these fields too. */
  with(fields: Readonly<Record<string, unknown>>): Logger;
}

/** A logger that discards everything, for tests and benches. */
export const silentLogger: Logger = { log: () => undefined, with: () => silentLogger };
