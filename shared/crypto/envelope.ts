/**
 * Tink's KmsEnvelopeAead with AES-256-GCM. Tink, or any AES-GCM with one KMS call, can decrypt the result:
 *
 *     4 bytes   length of the wrapped DEK, big-endian
 *     …         the DEK, wrapped by the KMS with empty associated data
 *     12 bytes  IV
 *     …         ciphertext, as long as the plaintext
 *     16 bytes  tag
 *
 * The DEK is wrapped as a serialised `google.crypto.tink.AesGcmKey`. The caller's associated data binds the
 * ciphertext. https://developers.google.com/tink/wire-format
 */
import { randomFillSync } from 'node:crypto';
import { Fault } from '../model/errors.ts';
import { aesGcmOpen, aesGcmSeal, IV_BYTES, KEY_BYTES, TAG_BYTES } from './aead.ts';
import { crc32c } from './crc32c.ts';

/** Encrypts data encryption keys (DEK) under a key of the KMS; the only right that a sealer needs. */
export interface KeyWrapper {
  /**
   * @param dek 34 bytes; wiped as soon as the promise settles, so the callee must not keep them
   * @param associatedData which unwrapping needs again; default: none
   * @returns the wrapped DEK, at most 4,096 bytes, and the name of the key version that wrapped it
   */
  wrap(
    dek: Uint8Array,
    associatedData?: Buffer,
  ): Promise<{ readonly wrapped: Uint8Array; readonly keyVersion: string }>;
}

/** Decrypts DEKs that a KeyWrapper encrypted; the only right that an opener needs. */
export interface KeyUnwrapper {
  /**
   * @returns the DEK, which the caller wipes; undefined when the KMS answered that the bytes are not its ciphertext
   * @throws the adapter's error when the KMS did not answer; `open` passes it through, since a retry may succeed
   */
  unwrap(wrapped: Uint8Array, associatedData?: Buffer): Promise<Uint8Array | undefined>;
}

/** Fills the whole target with unpredictable bytes. */
export type RandomFill = (target: Uint8Array) => void;

export interface SealedEnvelope {
  readonly blob: Buffer;
  /** CRC32C of `blob`, computed before it is sent. */
  readonly crc32c: number;
  /** The key version that wrapped the DEK, as the KeyWrapper names it. */
  readonly keyVersion: string;
}

const LENGTH_BYTES = 4;
/** Tink's limit, far above the length that any KMS returns for 34 bytes. */
const MAX_WRAPPED_BYTES = 4096;
/** AesGcmKey with `version` left at 0: field 3, length-delimited, 32 bytes. The key follows. */
const DEK_PREFIX = Buffer.from([0x1a, KEY_BYTES]);
const DEK_BYTES = DEK_PREFIX.length + KEY_BYTES;

/**
 * Encrypts with a fresh DEK and IV. Beside the plaintext, it needs memory for one copy of the blob.
 *
 * @param associatedData binds the plaintext to its purpose and owner; `open` needs the same bytes
 * @throws what the wrapper throws; Fault `internal` for a wrapped DEK of an invalid length
 */
export async function seal(
  plaintext: Uint8Array,
  associatedData: Uint8Array,
  wrapper: KeyWrapper,
  random: RandomFill = randomFillSync,
): Promise<SealedEnvelope> {
  const dek = Buffer.alloc(DEK_BYTES);
  try {
    dek.set(DEK_PREFIX);
    const key = dek.subarray(DEK_PREFIX.length);
    random(key);
    const { wrapped, keyVersion } = await wrapper.wrap(dek);
    const { blob, iv, sealed } = frame(wrapped, plaintext.length);
    random(iv);
    aesGcmSeal(sealed, { key, iv, associatedData }, plaintext);
    return { blob, crc32c: crc32c(blob), keyVersion };
  } finally {
    dek.fill(0);
  }
}

/**
 * Decrypts the result of `seal`.
 *
 * @param associatedData the bytes given to `seal`
 * @returns the plaintext, in memory of its own; the caller overwrites it after use
 * @throws Fault `envelope_invalid` for anything that `seal` did not make for this associated data and this key, always
 *   with the same message and no cause, so that a forger does not learn which check failed; what the unwrapper throws
 */
export async function open(blob: Uint8Array, associatedData: Uint8Array, unwrapper: KeyUnwrapper): Promise<Buffer> {
  const plaintext = await tryOpen(blob, associatedData, unwrapper);
  if (plaintext === undefined)
    throw new Fault('envelope_invalid', 'The payload was altered, cut short, or sealed under a different task id.');
  return plaintext;
}

async function tryOpen(
  blob: Uint8Array,
  associatedData: Uint8Array,
  unwrapper: KeyUnwrapper,
): Promise<Buffer | undefined> {
  const parts = parse(blob);
  if (parts === undefined) return undefined;
  const dek = await unwrapper.unwrap(parts.wrapped);
  if (dek === undefined) return undefined;
  try {
    if (!isDek(dek)) return undefined;
    return aesGcmOpen({ key: dek.subarray(DEK_PREFIX.length), iv: parts.iv, associatedData }, parts.sealed);
  } finally {
    dek.fill(0);
  }
}

/** Allocates a blob and writes the wrapped DEK; the caller fills the views `iv` and `sealed`. */
function frame(wrapped: Uint8Array, plaintextBytes: number) {
  if (!isWrappedLength(wrapped.length)) throw new Fault('internal', 'The wrapped key has an unexpected length.');
  const ivAt = LENGTH_BYTES + wrapped.length;
  const sealedAt = ivAt + IV_BYTES;
  const blob = Buffer.allocUnsafe(sealedAt + plaintextBytes + TAG_BYTES);
  blob.writeUInt32BE(wrapped.length);
  blob.set(wrapped, LENGTH_BYTES);
  return { blob, iv: blob.subarray(ivAt, sealedAt), sealed: blob.subarray(sealedAt) };
}

function parse(blob: Uint8Array) {
  if (blob.length < LENGTH_BYTES) return undefined;
  const length = new DataView(blob.buffer, blob.byteOffset).getUint32(0);
  const ivAt = LENGTH_BYTES + length;
  const sealedAt = ivAt + IV_BYTES;
  if (!isWrappedLength(length) || blob.length < sealedAt + TAG_BYTES) return undefined;
  return {
    wrapped: blob.subarray(LENGTH_BYTES, ivAt),
    iv: blob.subarray(ivAt, sealedAt),
    sealed: blob.subarray(sealedAt),
  };
}

const isWrappedLength = (length: number) => length > 0 && length <= MAX_WRAPPED_BYTES;

const isDek = (bytes: Uint8Array) =>
  bytes.length === DEK_BYTES && DEK_PREFIX.every((byte, index) => bytes[index] === byte);
