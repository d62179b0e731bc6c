import { fetchedKeys } from '../keys/fetched.ts';
import { readKeys } from '../keys/material.ts';
import { pinnedKeys } from '../keys/pinned.ts';
import type { KeySource } from '../keys/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { PATHS } from '../seat/api.ts';
import { cleanText } from '../text/clean.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import type { Terminal } from './terminal.ts';

/** The keys in a file, or else those of a server. */
export async function keysFor(
  { keys, url }: { readonly keys?: string | undefined; readonly url?: string | undefined },
  terminal: Terminal,
): Promise<KeySource> {
  if (keys !== undefined) {
    const text = await readInput(keys, terminal);
    await readKeys(text).catch((cause) => {
      throw new CommandError(EXIT.input, 'not_keys', `${keys}: ${cause instanceof Error ? cause.message : cause}`);
    });
    return pinnedKeys(text);
  }
  return fetchedKeys(serverOf(url, terminal) + PATHS.keys, { fetch: nodePlatform.fetch });
}

/** @returns the address without a slash at its end */
export function serverOf(url: string | undefined, { env }: Pick<Terminal, 'env'>): string {
  const found = cleanText(url ?? env['COUNTERSIGN_URL'] ?? '');
  if (found === '') throw usageError('Give --url, or set COUNTERSIGN_URL, or name --keys.');
  if (!URL.canParse(found) || !/^https?:/.test(found)) throw usageError(`${found} is no http or https address.`);
  return found.replace(/\/+$/, '');
}
