import { readFile } from 'node:fs/promises';
import { CommandError, EXIT } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** A file's text, or standard input's for `-`. */
export async function readInput(file: string, { stdin }: Pick<Terminal, 'stdin'>): Promise<string> {
  if (file !== '-') {
    return readFile(file, 'utf8').catch(() => {
      throw new CommandError(EXIT.input, 'unreadable', `${file} cannot be read: check its name and permissions.`);
    });
  }
  const parts: Buffer[] = [];
  for await (const part of stdin) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString('utf8');
}
