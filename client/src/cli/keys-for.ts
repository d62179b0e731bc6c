import { readKeys } from '../keys/material.ts';
import { pinnedKeys } from '../keys/pinned.ts';
import { rootKey } from '../keys/root.ts';
import type { KeySource } from '../keys/source.ts';
import { nodePlatform } from '../platform/node.ts';
import { fileStorage, stateDirectory } from '../storage/file.ts';
import { guardedStorage } from '../storage/guarded.ts';
import { cleanText } from '../text/clean.ts';
import { readServerUrl } from '../text/server-url.ts';
import { CommandError, EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import type { Terminal } from './terminal.ts';

export interface KeyArguments {
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
  readonly url?: string | undefined;
}

/** The keys in a file, or those that follow from the root key. */
export async function keysFor({ root, keys, url }: KeyArguments, terminal: Terminal): Promise<KeySource> {
  if (keys !== undefined) {
    const text = await readInput(keys, terminal);
    await requireKeys(keys, text);
    return pinnedKeys(text);
  }
  const pem = await rootText({ root }, terminal);
  if (pem === undefined) {
    throw usageError('Name --root, a file with the root key, or set COUNTERSIGN_ROOT_KEY, or name --keys.');
  }
  const server = url ?? terminal.env['COUNTERSIGN_URL'];
  return rootKey(pem, {
    url: server === undefined ? undefined : serverOf(server, terminal),
    fetch: nodePlatform.fetch,
    // One for all commands: the number of the list that was seen last is remembered.
    storage: guardedStorage(
      () => fileStorage(stateDirectory('countersign')),
      () => undefined,
    ),
  });
}

/** The root key in PEM form, from a file or the environment. @returns undefined when neither is named */
export async function rootText({ root }: Pick<KeyArguments, 'root'>, terminal: Terminal): Promise<string | undefined> {
  const text = root === undefined ? (terminal.env['COUNTERSIGN_ROOT_KEY'] ?? '') : await readInput(root, terminal);
  if (root === undefined && text.trim() === '') return undefined;
  const pem = text.replaceAll('\\n', '\n');
  await requireKeys(root ?? 'COUNTERSIGN_ROOT_KEY', pem);
  return pem;
}

async function requireKeys(name: string, text: string): Promise<void> {
  await readKeys(text).catch((cause) => {
    throw new CommandError(EXIT.input, 'not_keys', `${name}: ${cause instanceof Error ? cause.message : cause}`);
  });
}

/** @returns the address without a slash at its end */
export function serverOf(url: string | undefined, { env }: Pick<Terminal, 'env'>): string {
  const given = url ?? env['COUNTERSIGN_URL'] ?? '';
  if (cleanText(given) === '') throw usageError('Give --url, or set COUNTERSIGN_URL.');
  const server = readServerUrl(given);
  // Not the text: it may hold a password.
  if (server === undefined)
    throw usageError(
      '--url or COUNTERSIGN_URL is no http or https address of a server alone, without name and password, query and fragment.',
    );
  return server;
}
