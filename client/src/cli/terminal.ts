import type { Readable } from 'node:stream';

/** What a command reads and writes, so that a test can stand at the other end. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: Readable;
  out(text: string): void;
  err(text: string): void;
}

/** A terminal that has been closed, or a reader that has gone, ends neither the command nor the seat. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

export const processTerminal: Terminal = {
  env: process.env,
  stdin: process.stdin,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
};
