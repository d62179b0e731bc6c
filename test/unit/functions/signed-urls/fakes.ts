import type { BlobSigner } from '#shared/crypto/blob-signer.ts';
import { type Fault, isFault } from '#shared/model/errors.ts';

export const EMAIL = 'signer@a-project.iam.gserviceaccount.com';
export const NOW = Date.UTC(2026, 10, 22, 10, 20, 30, 987);

/** Signs when told to, and keeps what it was given. */
export function heldSigner() {
  const held: { text: string; answer: (signature: Uint8Array) => void; fail: (error: unknown) => void }[] = [];
  const signer: BlobSigner = {
    email: EMAIL,
    sign: (text) => new Promise((answer, fail) => held.push({ text, answer, fail })),
  };
  return { signer, held };
}

/** Signs at once, with the same bytes for every text. */
export function instantSigner(signature = Uint8Array.of(0xab, 0x0c)) {
  const texts: string[] = [];
  const signer: BlobSigner = {
    email: EMAIL,
    async sign(text) {
      texts.push(text);
      return signature;
    },
  };
  return { signer, texts };
}

export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isFault(error)) throw new Error('expected a Fault', { cause: error });
  return error;
}

/** What is ready to run has run. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
