import { readFile } from 'node:fs/promises';
import { decodeText } from '../text/decode.ts';
import { CommandError, EXIT } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** A file's text, or standard input's for `-`. */
export async function readInput(file: string, { stdin }: Pick<Terminal, 'stdin'>): Promise<string> {
  if (file !== '-') {
    const bytes = await readFile(file).catch((cause) => {
      const why = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
      throw new CommandError(EXIT.input, 'unreadable', `${file} cannot be read: check its name and permissions${why}.`);
    });
    return decodeText(bytes);
  }
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part));
  return decodeText(Buffer.concat(parts));
}
