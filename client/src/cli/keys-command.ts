import { parseTime } from '../../../shared/license-format/time.ts';
import { asObject, type JsonObject, parseExactly, parseObject, textOf } from '../json.ts';
import { checkSignature } from '../keys/check-signature.ts';
import { readKeys } from '../keys/material.ts';
import { KEY_LIST_PATH } from '../keys/root.ts';
import { readSignedKeyList } from '../keys/signed-list.ts';
import { PUBLIC_KEYS_PATH } from '../keys/unpinned.ts';
import { CommandError, EXIT } from './exit.ts';
import { rootText, serverOf } from './keys-for.ts';
import { load } from './load.ts';
import type { Terminal } from './terminal.ts';

export interface KeysArguments {
  readonly url?: string | undefined;
  readonly root?: string | undefined;
  readonly pem?: string | undefined;
  readonly json: boolean;
}

interface Published {
  readonly keys: readonly JsonObject[];
  /** What the signed list says besides, when it was checked against a root. */
  readonly list?: JsonObject;
}

/** `countersign keys`: the list that follows from the root, or what the server says without one. */
export async function keysCommand(args: KeysArguments, terminal: Terminal): Promise<number> {
  const root = await rootText(args, terminal);
  const server = serverOf(args.url, terminal);
  const { keys, list } = root === undefined ? await fetchUnchecked(server) : await fetchChecked(server, root);
  if (args.pem !== undefined) {
    const key = keys.find((one) => one['key_version'] === args.pem);
    if (key === undefined) throw new CommandError(EXIT.invalid, 'unknown_key', `No key ${args.pem} is published.`);
    terminal.out(String(key['pem']));
  } else if (args.json) terminal.out(`${JSON.stringify({ keys, ...list })}\n`);
  else for (const key of keys) terminal.out(`${['key_version', 'state', 'kid'].map((name) => key[name]).join('  ')}\n`);
  if (args.json) return EXIT.ok;
  if (list === undefined) terminal.err('not checked: name --root, a file with the root key\n');
  else {
    const { sequence, issued_at, expires_at, directory_until, revoked } = list;
    terminal.err(
      `list ${sequence} of ${issued_at}, good until ${expires_at}; its directory key until ${directory_until}\n`,
    );
    for (const one of Array.isArray(revoked) ? revoked : []) terminal.err(`revoked: ${one.key_version} at ${one.at}\n`);
    if ((parseTime(String(expires_at)) ?? 0) <= Date.now())
      terminal.err('The list is past its end: clients refuse it 14 days after that.\n');
  }
  return EXIT.ok;
}

const entriesOf = (value: unknown): JsonObject[] | undefined =>
  Array.isArray(value)
    ? value.map((key) => asObject(key) ?? {}).filter((key) => textOf(key['key_version']) !== undefined)
    : undefined;

const fetchUnchecked = async (url: string): Promise<Published> => ({
  keys: await load(url, PUBLIC_KEYS_PATH, (text) => entriesOf(parseObject(text)?.['keys'])),
});

async function fetchChecked(url: string, root: string): Promise<Published> {
  const document = await load(url, KEY_LIST_PATH, (text) => asObject(parseExactly(text)));
  await readSignedKeyList(document, await readKeys(root), checkSignature).catch((cause) => {
    const message = `${cause instanceof Error ? cause.message : cause} Check the URL, and which root key is named.`;
    throw new CommandError(EXIT.invalid, 'untrusted_keys', message);
  });
  const { keys, sequence, issued_at, expires_at, revoked } = asObject(document['list']) ?? {};
  const directory_until = asObject(document['root'])?.['valid_until'];
  return { keys: entriesOf(keys) ?? [], list: { sequence, issued_at, expires_at, directory_until, revoked } };
}
