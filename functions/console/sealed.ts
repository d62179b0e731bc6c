import { createHash, randomBytes } from 'node:crypto';
import { aesGcmOpen, aesGcmSeal, IV_BYTES, KEY_BYTES, TAG_BYTES } from '#shared/crypto/aead.ts';

/**
 * A secret that is kept in two halves: the cookie has a random id and a key, the document under the id's hash has the
 * secret sealed by that key. Who reads the documents, or a backup of them, opens none; a cookie without its document is
 * worth nothing.
 */
export interface SecretHandle {
  /** The document's id: the SHA-256 of the random id in hex. */
  readonly documentId: string;
  readonly key: Uint8Array;
  /** What the cookie says. */
  readonly text: string;
}

const ID_BYTES = 16;
const HANDLE = /^([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{43})$/;

export const createHandle = (): SecretHandle => handleFrom(randomBytes(ID_BYTES), randomBytes(KEY_BYTES));

/** @returns undefined for a text that is none of ours */
export function parseHandle(text: string | undefined): SecretHandle | undefined {
  const [, id, key] = HANDLE.exec(text ?? '') ?? [];
  if (id === undefined || key === undefined) return undefined;
  return handleFrom(Buffer.from(id, 'base64url'), Buffer.from(key, 'base64url'));
}

function handleFrom(id: Buffer, key: Buffer): SecretHandle {
  return {
    documentId: createHash('sha256').update(id).digest('hex'),
    key,
    text: `${id.toString('base64url')}.${key.toString('base64url')}`,
  };
}

/** @returns IV ‖ ciphertext ‖ tag in base64url; it opens for this handle alone */
export function seal({ key, documentId }: SecretHandle, secret: string): string {
  const plaintext = Buffer.from(secret);
  const sealed = Buffer.alloc(IV_BYTES + plaintext.length + TAG_BYTES);
  const iv = randomBytes(IV_BYTES);
  sealed.set(iv);
  aesGcmSeal(sealed.subarray(IV_BYTES), { key, iv, associatedData: Buffer.from(documentId) }, plaintext);
  return sealed.toString('base64url');
}

/** @returns undefined when it was sealed by another key, for another document, or altered */
export function open({ key, documentId }: SecretHandle, sealed: string): string | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < IV_BYTES + TAG_BYTES) return undefined;
  const parameters = { key, iv: bytes.subarray(0, IV_BYTES), associatedData: Buffer.from(documentId) };
  return aesGcmOpen(parameters, bytes.subarray(IV_BYTES))?.toString();
}
