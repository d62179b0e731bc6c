import { asObject, parseExactly } from '../json.ts';
import { memoryStorage } from '../storage/memory.ts';
import { checkSignature as webCrypto } from './check-signature.ts';
import { fetchText } from './fetch-text.ts';
import { readKeys } from './material.ts';
import type { PublicKey } from './public-key.ts';
import { KeyListError, readSignedKeyList, type SignedKeyList } from './signed-list.ts';
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
const PATH = '/.well-known/countersign-keys.json';
const NAME = 'signed-keys';

/**
 * Keys that follow from a pinned root: the root vouches for a directory key, and that signs the list of keys. The list is
 * fetched and kept in the storage, where changing it gains nothing but a refusal; a list with a lower number than the one
 * that is known is refused. Licence files verify with the root alone.
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
      async find(name) {
        const file = await believed(() => roots().then((keys) => readSignedKeyList(document, keys, check)));
        // What is known here of revocations counts as well, and nobody is asked.
        const known = await lists.known();
        return file === 'untrusted_keys'
          ? file
          : inList(file, name, known?.revoked, (key) => key.signsFrom + KEY_IN_FILE);
      },
    }),
    connect: (surroundings) => rootKey(pem, { ...surroundings, ...own }),
  };
}

/** @returns the keys of the list with that name, each with the end of what may be believed of it */
function inList(
  { keys, revoked }: SignedKeyList,
  name: KeyName,
  alsoRevoked: ReadonlySet<string> | undefined,
  until: (key: SignedKeyList['keys'][number]) => number,
): FoundKeys {
  const text = 'kid' in name ? name.kid : name.keyVersion;
  if (revoked.has(text) || alsoRevoked?.has(text)) return 'revoked';
  return named(keys, name).map((key) => ({ ...key, trustedUntil: until(key) }));
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

  async function recall(): Promise<void> {
    const kept = asObject(parseExactly((await storage.get(NAME).catch(() => undefined)) ?? ''));
    const endorsements: unknown = kept?.['endorsements'];
    const list = await read(kept?.['document'], Array.isArray(endorsements) ? endorsements : []).catch(() => undefined);
    if (list !== undefined) held = { list, fetchedAt: Number.NEGATIVE_INFINITY };
  }

  async function refresh(): Promise<void> {
    const { text } = await fetchText(own, PATH);
    const list = await read(parseExactly(text), held?.list.endorsements ?? []);
    if (held !== undefined && list.sequence < held.list.sequence) throw new KeyListError('lower_sequence');
    held = { list, fetchedAt: now() };
    const { document, endorsements } = list;
    await storage.set(NAME, JSON.stringify({ document, endorsements })).catch(() => undefined);
  }

  const isWithin = (time: number | undefined, age: number) => time !== undefined && Math.abs(now() - time) < age;

  /** Those that look at the same time share one request. @returns whether the list was fetched that lately */
  async function update(maxAge: number, retryAfter = held === undefined ? 0 : MIN_AGE): Promise<boolean> {
    recalling ??= recall();
    await recalling;
    if (isWithin(held?.fetchedAt, maxAge)) return true;
    if (isWithin(failure?.at, retryAfter)) return false;
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
    return failure === undefined;
  }

  /** @throws KeysUnavailable */
  function none(): 'untrusted_keys' {
    if (failure?.cause instanceof KeyListError) return 'untrusted_keys';
    throw new KeysUnavailable(url, failure?.cause);
  }

  const lookUp = (name: KeyName): FoundKeys =>
    held === undefined ? none() : inList(held.list, name, undefined, () => (held?.list.expiresAt ?? 0) + GRACE);

  return {
    async known(): Promise<SignedKeyList | undefined> {
      recalling ??= recall();
      await recalling;
      return held?.list;
    },
    async find(name: KeyName, { keysSequence = 0, fresh = false }: KeyQuery = {}): Promise<FoundKeys> {
      await update(FRESH_FOR);
      if (held !== undefined && keysSequence > held.list.sequence) {
        // The signer knows a newer list, which may say that a key is revoked.
        const isFetched = await update(MIN_AGE, fresh ? 0 : MIN_AGE);
        if (!isFetched && fresh) return none();
      }
      const found = lookUp(name);
      if (found.length > 0) return found;
      await update(MIN_AGE);
      return lookUp(name);
    },
  };
}
