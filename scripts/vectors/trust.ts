import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { writeLicenseFile } from '#shared/license-format/license-file.ts';

/** Key lists, licence files, nonces, clocks and what else a client believes, each with its verdict (test/vectors/README.md). */
interface TrustVector {
  readonly name: string;
  readonly group: 'list' | 'file' | 'answer' | 'clock' | 'start';
  readonly roots: readonly string[];
  /** Names of documents, served one after the other; the last one, or none, is what the server has at `now`. */
  readonly lists: readonly (string | null)[];
  /** The licence as text, or as the bytes of a file in base64. */
  readonly license?: string;
  readonly license_base64?: string;
  readonly now: string;
  readonly nonce?: string;
  readonly kind?: string;
  readonly product?: string;
  readonly hardware_id?: string;
  /** Judged with a clock that remembers; `noted`: the time that an earlier run has kept. */
  readonly clock?: { readonly noted?: string };
  /** A start without the server from a kept copy. */
  readonly start?: 'offline';
  readonly expected: string;
}

type Claims = Readonly<Record<string, unknown>>;

const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
const DAY = 86_400_000;
const SIGNED = Date.UTC(2026, 6, 1, 11);
const NOW = SIGNED + 3_600_000;
const time = (at: number) => new Date(at).toISOString();

function makeKey(keyVersion: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 4096 });
  const { pem, kid } = readPublicKey(publicKey.export({ type: 'spki', format: 'pem' }).toString(), ALGORITHM);
  return { keyVersion, privateKey, pem, kid };
}
type Key = ReturnType<typeof makeKey>;

function signed<C extends Claims>(claims: C, key: KeyObject): C & { signature_algorithm: string; signature: string } {
  const stamped = { ...claims, signature_algorithm: ALGORITHM };
  const signature = sign('sha256', Buffer.from(canonicalJson(stamped)), key).toString('base64');
  return { ...stamped, signature };
}

export function makeTrustVectors() {
  const [root1, root2, stranger] = [makeKey('root.1'), makeKey('root.2'), makeKey('root.9')];
  const [directory1, directory2] = [makeKey('directory.1'), makeKey('directory.2')];
  const [first, second] = [makeKey('vectors.1'), makeKey('vectors.2')];

  const statement = (changes: Claims = {}, by: Key = root1, of: Key = directory1) =>
    signed(
      {
        kind: 'directory',
        directory_key: of.keyVersion,
        pem: of.pem,
        valid_from: time(SIGNED - 100 * DAY),
        valid_until: time(SIGNED + 300 * DAY),
        root_version: by.keyVersion,
        ...changes,
      },
      by.privateKey,
    );
  const endorsement = (changes: Claims = {}, by: Key = root1) =>
    signed(
      { kind: 'root', pem: root2.pem, root_version: 'root.2', endorsed_at: time(SIGNED - DAY), ...changes },
      by.privateKey,
    );
  const entry = ({ keyVersion, pem, kid }: Key, signsFrom: number) => ({
    key_version: keyVersion,
    kid,
    algorithm: ALGORITHM,
    created_at: time(signsFrom - 2 * DAY),
    signs_from: time(signsFrom),
    state: 'signing',
    pem,
  });
  const [firstEntry, secondEntry] = [entry(first, SIGNED - 10 * DAY), entry(second, SIGNED + 20 * DAY)];
  const list = (changes: Claims = {}, by: Key = directory1) =>
    signed(
      {
        kind: 'keys',
        sequence: 100,
        issued_at: time(SIGNED - 3_600_000),
        expires_at: time(SIGNED - 3_600_000 + 30 * DAY),
        keys: [secondEntry, firstEntry],
        revoked: [],
        ...changes,
      },
      by.privateKey,
    );
  const revocation = { key_version: 'vectors.1', kid: first.kid, at: time(SIGNED) };

  const documents = {
    good: { root: statement(), list: list() },
    'lower sequence': { root: statement(), list: list({ sequence: 99 }) },
    'higher sequence without the first key': { root: statement(), list: list({ sequence: 101, keys: [secondEntry] }) },
    'another directory': { root: statement(), list: list({}, directory2) },
    'signed by the root': { root: statement(), list: list({}, root1) },
    'a member changed': { root: statement(), list: { ...list(), sequence: 101 } },
    'no number': { root: statement(), list: list({ sequence: '100' }) },
    'a directory that ended': { root: statement({ valid_until: time(SIGNED - DAY) }), list: list() },
    'a directory of tomorrow': { root: statement({ valid_from: time(NOW + DAY) }), list: list() },
    'a statement changed': { root: { ...statement(), valid_until: time(SIGNED + 900 * DAY) }, list: list() },
    'a later statement': {
      root: statement({ valid_from: time(SIGNED - DAY) }),
      list: list({ sequence: 101, keys: [secondEntry] }),
    },
    'a stolen directory': { root: statement(), list: list({ sequence: Number.MAX_SAFE_INTEGER, keys: [secondEntry] }) },
    'another directory key, later': {
      root: statement({ valid_from: time(SIGNED - DAY) }, root1, directory2),
      list: list({ sequence: 7 }, directory2),
    },
    'the same directory key, later': {
      root: statement({ valid_from: time(SIGNED - DAY) }),
      list: list({ sequence: 7 }),
    },
    'the second root': { root: statement({}, root2), list: list({ sequence: 102 }) },
    'the second root, endorsed': {
      root: statement({ endorsement: endorsement() }, root2),
      list: list({ sequence: 101, keys: [secondEntry] }),
    },
    'the second root, endorsed by a stranger': {
      root: statement({ endorsement: endorsement({}, stranger) }, root2),
      list: list(),
    },
    'the second root, endorsed under another name': {
      root: statement({ endorsement: endorsement({ root_version: 'root.3' }) }, root2),
      list: list(),
    },
    'a missing key': { root: statement(), list: list({ keys: [secondEntry] }) },
    'a revoked key': { root: statement(), list: list({ sequence: 101, keys: [secondEntry], revoked: [revocation] }) },
    'a revoked thumbprint': {
      root: statement(),
      list: list({ revoked: [{ ...revocation, key_version: 'vectors.7' }] }),
    },
    'an entry of a later form': {
      root: statement(),
      list: list({ keys: [{ key_version: 'vectors.9', form: 2 }, firstEntry] }),
    },
  };
  type Name = keyof typeof documents;

  const CLAIMS = {
    kind: 'seat',
    mode: 'online',
    license_id: 'lic_vectors00000',
    session_id: 'lic_vectors00000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    product: 'editor',
    tier: 'professional',
    features: ['export'],
    max_seats: 10,
    hardware_id: 'machine-1',
    expires_at: time(SIGNED + 700 * DAY),
    offline_seconds: 259_200,
    valid_until: time(SIGNED + 3 * DAY),
    keys_sequence: 100,
    signed_at: time(SIGNED),
  };
  const license = (changes: Claims = {}, key: Key = first) =>
    signed({ ...CLAIMS, ...changes, key_version: key.keyVersion }, key.privateKey);

  const vectors: TrustVector[] = [];
  type Rest = Partial<Omit<TrustVector, 'name' | 'group' | 'expected' | 'now' | 'license'>> & { readonly at?: number };
  function add(group: TrustVector['group'], name: string, text: unknown, expected: string, rest: Rest = {}): void {
    const { at = NOW, ...others } = rest;
    const bytes = text instanceof Uint8Array ? { license_base64: Buffer.from(text).toString('base64') } : undefined;
    vectors.push({
      name: `${group}: ${name}`,
      group,
      roots: ['root.1'],
      lists: ['good'],
      ...(bytes ?? { license: typeof text === 'string' ? text : JSON.stringify(text) }),
      now: time(at),
      ...others,
      expected,
    });
  }

  const [good, long] = [license(), license({ valid_until: time(SIGNED + 600 * DAY) })];
  const served = (name: string, lists: readonly (Name | null)[], expected: string, rest: Rest = {}) =>
    add('list', name, good, expected, { lists, ...rest });
  const listEnd = NOW - 7_200_000 + 30 * DAY;
  served('good', ['good'], 'valid');
  served('an entry of a later form hides no other', ['an entry of a later form'], 'valid');
  add('list', 'expired within the 14 days', long, 'valid', { at: listEnd + 14 * DAY - 1 });
  add('list', 'expired after the 14 days', long, 'keys_expired', { at: listEnd + 14 * DAY });
  served(
    'a lower sequence than the one that was seen',
    ['higher sequence without the first key', 'good'],
    'unknown_key',
  );
  served('a higher sequence than the one that was seen', ['lower sequence', 'good'], 'valid');
  served('signed by another directory', ['another directory'], 'untrusted_keys');
  served('signed by the root itself', ['signed by the root'], 'untrusted_keys');
  served('a member changed', ['a member changed'], 'untrusted_keys');
  served('a sequence that is no number', ['no number'], 'untrusted_keys');
  served('the root statement changed', ['a statement changed'], 'untrusted_keys');
  served('a directory key that ended, within the 14 days', ['a directory that ended'], 'valid');
  add('list', 'a directory key that ended, after the 14 days', long, 'keys_expired', {
    lists: ['a directory that ended'],
    at: SIGNED + 13 * DAY,
  });
  served('a directory key that begins tomorrow', ['a directory of tomorrow'], 'not_yet_valid');
  served('under an earlier statement of the root', ['a later statement', 'good'], 'unknown_key');
  served(
    'another directory key after one that was stolen',
    ['a stolen directory', 'another directory key, later'],
    'valid',
  );
  served(
    'the same directory key with a lower sequence',
    ['a stolen directory', 'the same directory key, later'],
    'unknown_key',
  );
  served('another root', ['the second root'], 'untrusted_keys');
  served('another root, which is pinned as well', ['the second root'], 'valid', { roots: ['root.1', 'root.2'] });
  served('another root, endorsed', ['the second root, endorsed'], 'unknown_key');
  add('list', 'another root, endorsed, and a key of its list', license({}, second), 'valid', {
    lists: ['the second root, endorsed'],
  });
  served('an endorsement that was remembered', ['the second root, endorsed', 'the second root'], 'valid');
  served('the first root after the second', ['the second root, endorsed', 'good'], 'unknown_key');
  served('another root, endorsed by a stranger', ['the second root, endorsed by a stranger'], 'untrusted_keys');
  served(
    'another root, endorsed under another name',
    ['the second root, endorsed under another name'],
    'untrusted_keys',
  );
  served('a missing key', ['a missing key'], 'unknown_key');
  served('a revoked key', ['a revoked key'], 'revoked');
  served('a key that is listed although its thumbprint is revoked', ['a revoked thumbprint'], 'revoked');
  served('revoked since', ['good', 'a revoked key'], 'revoked');
  served('a revocation taken back', ['a revoked key', 'good'], 'revoked');
  served('none that can be fetched', [null], 'keys_unavailable');
  served('none that can be fetched since', ['good', null], 'valid');
  add('list', 'a newer one is named and cannot be fetched', license({ keys_sequence: 101 }), 'valid', {
    lists: ['good', null],
  });

  const file = (data: Claims, name: Name = 'good') => writeLicenseFile({ license: data, ...documents[name] });
  const whole = file(long);
  const filed = (name: string, text: unknown, expected: string, rest: Rest = {}) =>
    add('file', name, text, expected, { lists: [null], ...rest });
  filed('good', whole, 'valid');
  filed('as the member of an answer', JSON.stringify({ license_file: whole }), 'valid');
  filed('wrapped at 40 columns', whole.replace(/[A-Za-z0-9+/=]{40}/g, '$&\n'), 'valid');
  filed('on one line', whole.replaceAll('\n', ' '), 'valid');
  filed('quoted in a mail', `Hello,\n\n${whole.replace(/^/gm, '> > ')}\nregards`, 'valid');
  filed('with Windows line ends', whole.replaceAll('\n', '\r\n'), 'valid');
  filed('with a byte order mark', Buffer.from(`\ufeff${whole}`), 'valid');
  filed('in UTF-16', Buffer.from(`\ufeff${whole}`, 'utf16le'), 'valid');
  filed('in UTF-16 of the other byte order', Buffer.from(`\ufeff${whole}`, 'utf16le').swap16(), 'valid');
  filed('past the end of its list', whole, 'valid', { at: SIGNED + 335 * DAY });
  filed('on its last day', whole, 'valid', { at: SIGNED + 366 * DAY - 1 });
  filed('beyond 366 days', whole, 'stale', { at: SIGNED + 366 * DAY });
  const late = file(license({ signed_at: time(SIGNED + 100 * DAY), valid_until: time(SIGNED + 600 * DAY) }));
  filed('its key 460 days after it began to sign, less one', late, 'valid', { at: SIGNED + 450 * DAY - 1 });
  filed('its key 460 days after it began to sign', late, 'keys_expired', { at: SIGNED + 450 * DAY });
  filed('its own end', file(good), 'stale', { at: SIGNED + 3 * DAY });
  filed('cut off', whole.slice(0, whole.length / 2), 'malformed');
  filed('cut off before its last line', whole.replace(/.+\n-----END/, '-----END'), 'malformed');
  filed('the licence changed', file({ ...long, max_seats: 11 }), 'bad_signature');
  filed('the list changed', file(long, 'a member changed'), 'untrusted_keys');
  filed('of another root', file(long, 'the second root'), 'untrusted_keys');
  filed('of another root, endorsed', file(license({}, second), 'the second root, endorsed'), 'valid');
  filed('with a list from before the one that the signer had', file(long, 'lower sequence'), 'untrusted_keys');
  filed('whose key its list does not have', file(long, 'higher sequence without the first key'), 'unknown_key');
  filed('whose key its list revokes', file(long, 'a revoked key'), 'revoked');
  filed('whose key a list revokes that is known here', whole, 'revoked', { lists: ['a revoked key'] });
  filed('whose directory key ended within 14 days before its list', file(long, 'a directory that ended'), 'valid', {
    at: SIGNED + 300 * DAY,
  });
  const { signed_at: _, ...timeless } = CLAIMS;
  filed(
    'without a time of signing',
    file(signed({ ...timeless, key_version: 'vectors.1' }, first.privateKey)),
    'malformed',
  );
  filed('a document, where a seat is wanted', file(license({ kind: 'document' })), 'wrong_kind', { kind: 'seat' });
  filed('another machine', whole, 'wrong_hardware', { hardware_id: 'machine-2' });

  const nonce = 'AAAAAAAAAAAAAAAAAAAAAA';
  const answered = license({ nonce });
  add('answer', 'its own nonce', answered, 'valid', { nonce });
  add('answer', 'a nonce of another request', license({ nonce: 'BBBBBBBBBBBBBBBBBBBBBB' }), 'wrong_nonce', { nonce });
  add('answer', 'no nonce', good, 'wrong_nonce', { nonce });
  add('answer', 'a recording', answered, 'wrong_nonce', { nonce: 'CCCCCCCCCCCCCCCCCCCCCC' });
  add('answer', 'a nonce put in', { ...good, nonce }, 'bad_signature', { nonce });
  add('answer', 'a seat where a seat is wanted', good, 'valid', {
    kind: 'seat',
    product: 'editor',
    hardware_id: 'machine-1',
  });
  add('answer', 'a document where a seat is wanted', license({ kind: 'document' }), 'wrong_kind', { kind: 'seat' });
  add('answer', 'a seat where a document is wanted', good, 'wrong_kind', { kind: 'document' });
  add('answer', 'nothing said of its kind', license({ kind: null }), 'wrong_kind', { kind: 'seat' });
  add('answer', 'a key list where a seat is wanted', list(), 'malformed', { kind: 'seat' });
  add('answer', 'another product', good, 'wrong_product', { product: 'viewer' });
  add('answer', 'no product, where the default is wanted', license({ product: null }), 'valid', { product: 'default' });
  add('answer', 'another machine', good, 'wrong_hardware', { hardware_id: 'machine-2' });

  add('clock', 'four minutes behind', good, 'valid', { clock: {}, at: SIGNED - 240_000 });
  add('clock', 'six minutes behind', good, 'clock_turned_back', { clock: {}, at: SIGNED - 360_000 });
  add('clock', 'behind a time that was noted', good, 'clock_turned_back', { clock: { noted: time(NOW + 360_000) } });
  add('clock', 'four minutes behind a time that was noted', good, 'valid', { clock: { noted: time(NOW + 240_000) } });
  add('clock', 'a little behind a noted time at which the copy is over', good, 'stale', {
    clock: { noted: time(SIGNED + 3 * DAY) },
    at: SIGNED + 3 * DAY - 60_000,
  });
  add('clock', 'a year behind, with an answer', answered, 'valid', { clock: {}, nonce, at: SIGNED - 365 * DAY });
  add('clock', 'a year ahead, with an answer', answered, 'valid', { clock: {}, nonce, at: SIGNED + 365 * DAY });
  add('clock', 'a year ahead, with a recording', answered, 'stale', { clock: {}, at: SIGNED + 365 * DAY });

  const kept = (name: string, data: Claims, expected: string) =>
    add('start', name, data, expected, { start: 'offline' });
  kept('a copy with offline time', good, 'valid');
  kept('a strict copy', license({ offline_seconds: 0 }), 'strict');
  kept('a copy that says nothing of offline time', license({ offline_seconds: null }), 'strict');
  const borrowed = { mode: 'borrowed', offline_seconds: 0, borrowed_until: time(SIGNED + 3 * DAY) };
  kept('a borrowed copy', license(borrowed), 'valid');
  kept('a borrowed copy that does not say until when', license({ ...borrowed, borrowed_until: null }), 'malformed');
  kept('a borrowed copy whose time is over', license({ ...borrowed, borrowed_until: time(NOW - 1) }), 'stale');
  kept('a seat in the grace after its licence', license({ expires_at: time(NOW - DAY), in_grace: true }), 'valid');
  kept(
    'a document that says it is in a grace',
    license({ expires_at: time(NOW - DAY), in_grace: true, kind: 'document' }),
    'expired',
  );
  kept('a strict copy made another', { ...license({ offline_seconds: 0 }), offline_seconds: 259_200 }, 'bad_signature');

  return { roots: { 'root.1': root1.pem, 'root.2': root2.pem }, documents, vectors };
}
