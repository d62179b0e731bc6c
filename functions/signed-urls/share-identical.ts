import type { BlobSigner } from '#shared/crypto/blob-signer.ts';

/**
 * Signs a text once for all who ask for it while it is under way. PKCS#1 v1.5 is deterministic, so each would get the
 * same bytes anyway. Nothing is kept afterwards: a failure is not remembered, and neither is a signature.
 */
export function shareIdentical(signer: BlobSigner): BlobSigner {
  const underWay = new Map<string, Promise<Uint8Array>>();
  return {
    email: signer.email,
    sign(text) {
      const shared = underWay.get(text);
      if (shared !== undefined) return shared;
      const signature = signer.sign(text).finally(() => underWay.delete(text));
      underWay.set(text, signature);
      return signature;
    },
  };
}
