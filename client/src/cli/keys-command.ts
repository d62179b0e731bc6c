import { asObject, parseObject, textOf } from '../json.ts';
import { PUBLIC_KEYS_PATH } from '../keys/unpinned.ts';
import { CommandError, EXIT } from './exit.ts';
import { serverOf } from './keys-for.ts';
import { load } from './load.ts';
import type { Terminal } from './terminal.ts';

export interface KeysArguments {
  readonly url?: string | undefined;
  readonly pem?: string | undefined;
  readonly json: boolean;
}

/** `countersign keys`: what to pin, or one key for another tool. */
export async function keysCommand(args: KeysArguments, terminal: Terminal): Promise<number> {
  const keys = await fetchList(serverOf(args.url, terminal));
  if (args.pem !== undefined) {
    const key = keys.find((one) => one['key_version'] === args.pem);
    if (key === undefined) throw new CommandError(EXIT.invalid, 'unknown_key', `No key ${args.pem} is published.`);
    terminal.out(String(key['pem']));
  } else if (args.json) terminal.out(`${JSON.stringify({ keys })}\n`);
  else for (const key of keys) terminal.out(`${['key_version', 'state', 'kid'].map((name) => key[name]).join('  ')}\n`);
  return EXIT.ok;
}

async function fetchList(url: string): Promise<Readonly<Record<string, unknown>>[]> {
  const list = await load(url, PUBLIC_KEYS_PATH, (text) => {
    const keys = parseObject(text)?.['keys'];
    return Array.isArray(keys) ? keys : undefined;
  });
  return list.map((key) => asObject(key) ?? {}).filter((key) => textOf(key['key_version']) !== undefined);
}
