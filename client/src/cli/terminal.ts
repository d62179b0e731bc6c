import type { Readable } from 'node:stream';

/** What a command reads and writes, so that a test can stand at the other end. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  out(text: string): void;
  err(text: string): void;
}

export const processTerminal: Terminal = {
  env: process.env,
  stdin: process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};
