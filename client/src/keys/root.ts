import { LONGEST_FILE } from '../../../shared/license-format/license-file.ts';
import { asObject, parseExactly } from '../json.ts';
import { memoryStorage } from '../storage/memory.ts';
import { checkSignature as webCrypto } from './check-signature.ts';
import { fetchText } from './fetch-text.ts';
import { readKeys } from './material.ts';
import type { PublicKey } from './public-key.ts';
import { KeyListError, type ListedKey, readSignedKeyList, requireNewer, type SignedKeyList } from './signed-list.ts';
import {
  type FoundKeys,
  type KeyName,
  type KeyQuery,
  type KeySource,
  type KeySurroundings,
  KeysUnavailable,
  named,
} from './source.ts';

const DAY = 86_400_000;
/** A list is good for 30 days and made anew each day; after its end it verifies for so much longer, then no more. */
const GRACE = 14 * DAY;
/** In a licence file a key counts for so long after its `signs_from`; the end of the list does not count there. */
const KEY_IN_FILE = 460 * DAY;
/** Milliseconds for which a list is not asked for again, unless a licence names a newer list or an unknown key. */
const FRESH_FOR = 3_600_000;
/** It is never asked for more often than this. */
const MIN_AGE = 60_000;
/** @internal */
export const KEY_LIST_PATH = '/.well-known/countersign-keys.json';
const NAME = 'signed-keys';

/**
 * Keys that follow from a pinned root: the root vouches for a directory key, and that signs the list of keys. The list is
 * fetched and kept in the storage, where changing it gains nothing but a refusal; one that is older than the one that is
 * known is refused. While none can be fetched the known one serves on until it is over. Licence files verify with the
 * root alone.
 * @param pem the root's public key, or every root there has been, as `countersign root` prints them
 * @throws TypeError when that is no public key in PEM form
 */
export function rootKey(pem: string | readonly string[], own: KeySurroundings = {}): KeySource {
  const texts = [pem].flat().map((text) => String(text).replaceAll('\\n', '\n'));
  if (texts.length === 0 || !texts.every((text) => text.includes('-----BEGIN PUBLIC KEY-----'))) {
    throw new TypeError('rootKey: give the root key in PEM form, as `countersign root` prints it');
  }
  let read: Promise<readonly PublicKey[]> | undefined;
  const roots = () => (read ??= readKeys(texts));
  const { checkSignature: check = webCrypto } = own;
  const lists = createListCache(own, async (document, remembered) =>
    readSignedKeyList(document, await roots(), check, remembered),
  );

  return {
    find: (name, query) => lists.find(name, query),
    inFile: (document) => ({
      async find(name, { keysSequence = 0 } = {}) {
        const file = await believed(() => roots().then((keys) => readSignedKeyList(document, keys, check)));
        // What is known here of revocations counts as well, and nobody is asked.
        const known = await lists.known();
        // A list from before the one that the signer had is not the one that was put into the file.
        if (file === 'untrusted_keys' || keysSequence > file.sequence) return 'untrusted_keys';
        return inList(file, name, known?.revoked, (key) => endInFile(file, key));
      },
    }),
    connect: (surroundings) => rootKey(pem, { ...surroundings, ...own }),
  };
}

/** A key of a file ends by itself, and with the last file that its directory key may have made; a list that the directory key signed after its end has no key at all. */
const endInFile = ({ directory, issuedAt }: SignedKeyList, { signsFrom }: ListedKey): number =>
  issuedAt > directory.until + GRACE
    ? Number.NEGATIVE_INFINITY
    : Math.min(signsFrom + KEY_IN_FILE, directory.until + GRACE + LONGEST_FILE);

const endOnline = ({ expiresAt, directory }: SignedKeyList): number => Math.min(expiresAt, directory.until) + GRACE;

/** @returns the keys of the list with that name, each with the time for which it may be believed */
function inList(
  { keys, revoked, directory, sequence, expiresAt }: SignedKeyList,
  name: KeyName,
  alsoRevoked: ReadonlySet<string> | undefined,
  until: (key: ListedKey) => number,
): FoundKeys {
  const found = named(keys, name);
  const names = [...Object.values(name), ...found.flatMap(({ kid, keyVersion = kid }) => [kid, keyVersion])];
  if (names.some((one) => revoked.has(one) || alsoRevoked?.has(one))) return 'revoked';
  const list = { sequence, expiresAt };
  return found.map((key) => ({ ...key, list, trustedFrom: directory.from, trustedUntil: until(key) }));
}

async function believed(read: () => Promise<SignedKeyList>): Promise<SignedKeyList | 'untrusted_keys'> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KeyListError) return 'untrusted_keys';
    throw error;
  }
}

type ReadList = (document: unknown, remembered: readonly unknown[]) => Promise<SignedKeyList>;

interface Held {
  readonly list: SignedKeyList;
  /** -Infinity for one of an earlier run. */
  readonly fetchedAt: number;
}

/** The newest list that is known: fetched, or of an earlier run. */
function createListCache(own: KeySurroundings, read: ReadList) {
  const { url, storage = memoryStorage(), now = Date.now } = own;
  let held: Held | undefined;
  let recalling: Promise<void> | undefined;
  let failure: { readonly at: number; readonly cause: unknown } | undefined;
  let pending: Promise<void> | undefined;
  let isTold = false;

  async function recall(): Promise<void> {
    const kept = asObject(parseExactly((await storage.get(NAME).catch(() => undefined)) ?? ''));
    const endorsements: unknown = kept?.['endorsements'];
    const list = await read(kept?.['document'], Array.isArray(endorsements) ? endorsements : []).catch(() => undefined);
    if (list !== undefined) held = { list, fetchedAt: Number.NEGATIVE_INFINITY };
  }

  async function refresh(): Promise<void> {
    const { text } = await fetchText(own, KEY_LIST_PATH);
    const list = await read(parseExactly(text), held?.list.endorsements ?? []);
    requireNewer(list, held?.list);
    held = { list, fetchedAt: now() };
    const { document, endorsements } = list;
    await storage.set(NAME, JSON.stringify({ document, endorsements })).catch(() => undefined);
  }

  const isWithin = (time: number | undefined, age: number) => time !== undefined && Math.abs(now() - time) < age;

  /** Those that look at the same time share one request. */
  async function update(maxAge: number): Promise<void> {
    recalling ??= recall();
    await recalling;
    if (isWithin(held?.fetchedAt, maxAge)) return;
    if (held !== undefined && isWithin(failure?.at, MIN_AGE)) return;
    pending ??= refresh()
      .then(
        () => {
          failure = undefined;
        },
        (cause) => {
          failure = { at: now(), cause };
        },
      )
      .finally(() => {
        pending = undefined;
      });
    await pending;
  }

  /** @throws KeysUnavailable */
  function none(): 'untrusted_keys' {
    if (failure?.cause instanceof KeyListError) return 'untrusted_keys';
    throw new KeysUnavailable(url, failure?.cause);
  }

  function lookUp(name: KeyName): FoundKeys {
    if (held === undefined) return none();
    const { list } = held;
    return inList(list, name, undefined, () => endOnline(list));
  }

  /** Told once for all failures in a row. */
  function tellOfFailure(): void {
    if (failure !== undefined && held !== undefined && !isTold) own.onStale?.(endOnline(held.list), failure.cause);
    isTold = failure !== undefined;
  }

  return {
    async known(): Promise<SignedKeyList | undefined> {
      recalling ??= recall();
      await recalling;
      return held?.list;
    },
    async find(name: KeyName, { keysSequence = 0, fresh = false }: KeyQuery = {}): Promise<FoundKeys> {
      await update(FRESH_FOR);
      // The signer knows a newer list, which may say that a key is revoked. Whoever signs with a stolen key names no such
      // number, so nothing is gained by refusing when it cannot be fetched, and an outage of one file would end all seats.
      if (held !== undefined && keysSequence > held.list.sequence) await update(MIN_AGE);
      if (fresh) tellOfFailure();
      const found = lookUp(name);
      if (found.length > 0) return found;
      await update(MIN_AGE);
      return lookUp(name);
    },
  };
}
