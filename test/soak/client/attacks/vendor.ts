import type { Bytes } from '../../../../client/src/encoding.ts';
import type { PublicKey } from '../../../../client/src/keys/public-key.ts';
import { canonicalJson } from '../../../../shared/license-format/canonical-json.ts';
import { writeLicenseFile } from '../../../../shared/license-format/license-file.ts';

/** The vendor's side of an attack: its keys and lists, its server with one seat, and the log of every copy that it signed. */
const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
export const DAY = 86_400_000;
export const MINUTE = 60_000;

/** A signature is a checksum with the key's name: nobody in this world computes one without the key. */
export interface ModelKey {
  readonly keyVersion: string;
  readonly pem: string;
  readonly n: string;
}

const SPKI_RSA_4096 = '30820222300d06092a864886f70d01010105000382020f003082020a0282020100';

function modelKey(keyVersion: string, byte: number): ModelKey {
  const modulus = Buffer.alloc(512, byte);
  const der = Buffer.concat([Buffer.from(SPKI_RSA_4096, 'hex'), modulus, Buffer.from('0203010001', 'hex')]);
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString('base64')}\n-----END PUBLIC KEY-----\n`;
  return { keyVersion, pem, n: modulus.toString('base64url') };
}

export const keys = {
  root: modelKey('root.1', 0xc1),
  directory: modelKey('directory.2', 0xc2),
  /** Was stolen, and has been replaced by a later statement of the root. */
  oldDirectory: modelKey('directory.1', 0xc3),
  signer: modelKey('model.3', 0xc4),
  /** Was stolen, and is revoked. */
  stolen: modelKey('model.2', 0xc5),
  /** The attacker's own. */
  own: modelKey('model.9', 0xc6),
};

function checksum(bytes: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16);
}

const signatureOf = (n: string, message: Uint8Array) => Buffer.from(`${n.slice(0, 8)}:${checksum(message)}`);

export const checkSignature = async ({ n }: PublicKey, message: Bytes, signature: Bytes): Promise<boolean> =>
  signatureOf(n, message).equals(signature);

export type Signed = Readonly<Record<string, unknown>>;

/** Signs as KMS does, or as a thief does with a key that was stolen. */
export function sign(claims: Signed, { n }: ModelKey): Signed {
  const stamped = { ...claims, signature_algorithm: ALGORITHM };
  return { ...stamped, signature: signatureOf(n, Buffer.from(canonicalJson(stamped))).toString('base64') };
}

const time = (at: number) => new Date(at).toISOString();
const entry = ({ keyVersion, pem }: ModelKey, signsFrom: number) => ({
  ...{ key_version: keyVersion, kid: keyVersion, algorithm: ALGORITHM, pem },
  ...{ created_at: time(signsFrom), signs_from: time(signsFrom) },
});

interface ListOptions {
  readonly issued: number;
  readonly sequence: number;
  readonly listed: readonly ModelKey[];
  readonly revoked?: readonly ModelKey[];
  readonly statementOf: number;
  readonly directory: ModelKey;
  readonly by?: ModelKey;
  readonly root?: ModelKey;
}

/** Root statement and key list as they are served. */
export function keyList({
  issued,
  sequence,
  listed,
  revoked = [],
  statementOf,
  directory,
  by = directory,
  root = keys.root,
}: ListOptions) {
  const statement = {
    ...{ kind: 'directory', directory_key: directory.keyVersion, pem: directory.pem, root_version: 'root.1' },
    ...{ valid_from: time(statementOf), valid_until: time(statementOf + 800 * DAY) },
  };
  const list = {
    ...{ kind: 'keys', sequence, issued_at: time(issued), expires_at: time(issued + 30 * DAY) },
    keys: listed.map((key) => entry(key, issued - 20 * DAY)),
    revoked: revoked.map(({ keyVersion }) => ({ key_version: keyVersion, kid: keyVersion, at: time(issued) })),
  };
  return { root: sign(statement, root), list: sign(list, by) };
}

export type Mode = 'grace' | 'borrowed' | 'strict' | 'file';

export interface Terms {
  readonly mode: Mode;
  /** Milliseconds. */
  readonly lease: number;
  readonly window: number;
}

export interface Grant {
  readonly from: number;
  readonly until: number;
}

export const OWN = { product: 'editor', hardware: 'own' } as const;

export function createVendor(now: () => number, { mode, lease, window }: Terms) {
  /** Of copies for the attacker's machine and this product: what the attacker may hold. */
  const grants: Grant[] = [];
  let session: { readonly id: string; readonly hardware: string; expiresAt: number } | undefined;
  let count = 0;

  /** A copy, and its entry in the log where it is one of a seat for the attacker's machine. */
  function copy(changes: Signed = {}, at = now(), until = at + Math.max(window, lease)): Signed {
    const borrowed = mode === 'borrowed' ? { mode: 'borrowed', borrowed_until: time(until) } : { mode: 'online' };
    const claims: Signed = {
      ...{ kind: 'seat', product: OWN.product, hardware_id: OWN.hardware, session_id: 's', features: [] },
      ...{ ...borrowed, offline_seconds: mode === 'grace' ? window / 1000 : 0, keys_sequence: 50 },
      ...{ expires_at: time(at + 900 * DAY), valid_until: time(until), signed_at: time(at), ...changes },
      key_version: keys.signer.keyVersion,
    };
    const isOwn =
      claims['kind'] === 'seat' && claims['product'] === OWN.product && claims['hardware_id'] === OWN.hardware;
    if (isOwn) grants.push({ from: at, until: mode === 'file' ? Math.min(until, at + 366 * DAY) : until });
    return sign(claims, keys.signer);
  }

  function grant(hardware: string, nonce: unknown): Signed {
    const held = session;
    const until = mode === 'strict' ? held?.expiresAt : undefined;
    return copy(
      { hardware_id: hardware, nonce: typeof nonce === 'string' ? nonce : null, session_id: held?.id },
      now(),
      until,
    );
  }

  const free = () => session === undefined || session.expiresAt + 5_000 < now();

  function acquire(hardware: string, nonce: unknown) {
    if (session?.hardware !== hardware || free()) {
      if (!free()) return { status: 402, body: { code: 'no_seats_available', seats_used: 1, seats_total: 1 } };
      count += 1;
      session = { id: `session-${count}`, hardware, expiresAt: 0 };
    }
    session.expiresAt = now() + lease;
    const answer = {
      session_id: session.id,
      expires_at: time(session.expiresAt),
      heartbeat_interval_seconds: lease / 3000,
    };
    return { status: 200, body: { ...answer, seats_used: 1, seats_total: 1, license_data: grant(hardware, nonce) } };
  }

  function handle(path: string, body: Signed) {
    if (path.endsWith('/acquire')) return acquire(String(body['hardware_id']), body['nonce']);
    if (session === undefined || body['session_id'] !== session.id || free())
      return { status: 404, body: { code: 'session_not_found' } };
    if (path.endsWith('/release')) {
      session = undefined;
      return { status: 200, body: { released_at: time(now()) } };
    }
    session.expiresAt = now() + lease;
    const refresh: unknown = body['refresh'];
    const nonce: unknown =
      typeof refresh === 'object' && refresh !== null && 'nonce' in refresh ? refresh.nonce : undefined;
    const fresh = refresh === undefined ? {} : { license_data: grant(session.hardware, nonce) };
    return { status: 200, body: { session_id: session.id, expires_at: time(session.expiresAt), ...fresh } };
  }

  return {
    grants,
    copy,
    handle,
    /** Somebody else of the same customer asks for the seat. */
    other: () => acquire('other', undefined),
    file: (license: Signed, document: ReturnType<typeof keyList>) => writeLicenseFile({ license, ...document }),
  };
}

/** Every list that an attacker may serve, by name; `honest` is what the vendor publishes now. */
export function listsAt(now: number) {
  const newStatement = { statementOf: now - 60 * DAY, directory: keys.directory };
  const oldStatement = { statementOf: now - 400 * DAY, directory: keys.oldDirectory };
  return {
    honest: keyList({
      issued: now - 3_600_000,
      sequence: 50,
      listed: [keys.signer, keys.stolen],
      revoked: [keys.stolen],
      ...newStatement,
    }),
    /** Recorded before the revocation, and still good. */
    before: keyList({ issued: now - 5 * DAY, sequence: 45, listed: [keys.signer, keys.stolen], ...newStatement }),
    /** Recorded, and past its end and the 14 days. */
    ended: keyList({ issued: now - 45 * DAY, sequence: 20, listed: [keys.signer, keys.stolen], ...newStatement }),
    /** Made with the stolen directory key. */
    stolenDirectory: keyList({
      issued: now,
      sequence: Number.MAX_SAFE_INTEGER,
      listed: [keys.own, keys.signer],
      ...oldStatement,
    }),
    ownList: keyList({ issued: now, sequence: 60, listed: [keys.own, keys.signer], ...newStatement, by: keys.own }),
    ownDirectory: keyList({
      ...{ issued: now, sequence: 60, listed: [keys.own, keys.signer], statementOf: now, directory: keys.own },
      root: keys.own,
    }),
  };
}
