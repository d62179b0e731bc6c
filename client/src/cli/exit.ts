/** What the command ends with, beside the status of a command that `hold` ran. The larger ones are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  /** `verify`: the licence is not to be relied on. */
  invalid: 1,
  usage: 64,
  input: 66,
  /** The server or the keys cannot be had. */
  unreachable: 69,
  internal: 70,
  /** All seats are in use. */
  noSeat: 75,
  /** The licence is refused, or the seat was lost while the command ran. */
  refused: 77,
} as const;

/** Ends the command with a message for a person and a code for a program. */
export class CommandError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'CommandError';
    this.status = status;
    this.code = code;
  }
}

export const usageError = (message: string): CommandError =>
  new CommandError(EXIT.usage, 'usage', `${message} See countersign --help.`);
