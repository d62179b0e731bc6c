/**
 * Tink's KmsEnvelopeAead with AES-256-GCM, so that Tink, or any AES-GCM and one KMS call, opens what is sealed here:
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

/** Encrypts data encryption keys under a key that is somewhere else. All that a sealer needs. */
export interface KeyWrapper {
  /**
   * @param dek 34 bytes, wiped as soon as the promise settles: not to be kept
   * @returns the wrapped DEK, at most 4,096 bytes, and the name of the key version that wrapped it
   */
  wrap(dek: Uint8Array): Promise<{ readonly wrapped: Uint8Array; readonly keyVersion: string }>;
}

/** Decrypts what a KeyWrapper encrypted. All that an opener needs. */
export interface KeyUnwrapper {
  /**
   * @returns the DEK, which belongs to the caller and is wiped by it; undefined when the KMS has looked at the bytes
   *   and they are none of its ciphertexts
   * @throws what the adapter throws when the KMS could not be asked; it reaches the caller of `open` unchanged, since
   *   another try may succeed
   */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array | undefined>;
}

/** Fills the whole target with unpredictable bytes. */
export type RandomFill = (target: Uint8Array) => void;

export interface SealedEnvelope {
  readonly blob: Buffer;
  /** CRC32C of `blob`, taken before it goes anywhere. */
  readonly crc32c: number;
  /** Which key version wrapped the DEK, as the KeyWrapper names it. */
  readonly keyVersion: string;
}

const LENGTH_BYTES = 4;
/** Tink's own bound, and far above what any KMS makes of 34 bytes. */
const MAX_WRAPPED_BYTES = 4096;
/** AesGcmKey with `version` left at 0: field 3, length-delimited, 32 bytes. The key follows. */
const DEK_PREFIX = Buffer.from([0x1a, KEY_BYTES]);
const DEK_BYTES = DEK_PREFIX.length + KEY_BYTES;

/**
 * Seals with a fresh DEK and IV. Needs memory for the blob and little more beside the plaintext.
 *
 * @param associatedData says what the plaintext is and whose; `open` needs the same bytes
 * @throws what the wrapper throws, and Fault `internal` for a wrapped DEK that the format cannot hold
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
 * The exact reverse of `seal`.
 *
 * @param associatedData the bytes given to `seal`
 * @returns the plaintext, in memory of its own: fill it with zeroes when it is done with
 * @throws Fault `envelope_invalid` for anything that `seal` did not make for this associated data and this key: always
 *   the same message and no cause, so that nobody learns how far a forgery got. What the unwrapper throws passes through.
 */
export async function open(blob: Uint8Array, associatedData: Uint8Array, unwrapper: KeyUnwrapper): Promise<Buffer> {
  const plaintext = await tryOpen(blob, associatedData, unwrapper);
  if (plaintext === undefined)
    throw new Fault('envelope_invalid', 'It was altered, cut short, or sealed for another task.');
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

/** A blob that is complete but for the IV and the ciphertext, whose places are `iv` and `sealed`. */
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
