import { createHash, createPublicKey } from 'node:crypto';
import * as z from 'zod';
import { type Method, method } from '#local/grpc/method.ts';
import { invalidArgument } from '#local/grpc/status.ts';
import { checksumOf, int64Value, verifyChecksum } from './checksum.ts';
import type { Signer } from './signer.ts';
import { type KeyStore, rsaMaterial } from './store.ts';

const SHA256_BYTES = 32;

const signRequest = z.object({
  name: z.string(),
  digest: z.object({ sha256: z.instanceof(Buffer).optional() }).nullable(),
  digestCrc32c: int64Value,
  data: z.instanceof(Buffer),
  dataCrc32c: int64Value,
});

const publicKeyRequest = z.object({
  name: z.string(),
  publicKeyFormat: z.enum(['PUBLIC_KEY_FORMAT_UNSPECIFIED', 'PEM']),
});

export function signingMethods(store: KeyStore, signer: Signer): Record<string, Method> {
  return {
    AsymmetricSign: method(
      signRequest,
      async (request, caller) => {
        const version = store.version(caller, 'cloudkms.cryptoKeyVersions.useToSign', request.name);
        const digest = digestToSign(request);
        const verifiedDigestCrc32c = verifyChecksum('digest', digest, request.digestCrc32c);
        const verifiedDataCrc32c = verifyChecksum('data', request.data, request.dataCrc32c);
        store.mustBeEnabled(version);
        const signature = await signer.sign(rsaMaterial(version), digest);
        return {
          signature,
          signatureCrc32c: checksumOf(signature),
          verifiedDigestCrc32c,
          verifiedDataCrc32c,
          name: version.name,
          protectionLevel: 'SOFTWARE',
        };
      },
      'signature',
    ),

    GetPublicKey: method(
      publicKeyRequest,
      (request, caller) => {
        const version = store.version(caller, 'cloudkms.cryptoKeyVersions.viewPublicKey', request.name);
        store.mustBeEnabled(version);
        const pem = createPublicKey(rsaMaterial(version)).export({ type: 'spki', format: 'pem' }).toString();
        return {
          pem,
          pemCrc32c: checksumOf(Buffer.from(pem)),
          algorithm: version.algorithm,
          name: version.name,
          protectionLevel: 'SOFTWARE',
          publicKeyFormat: 'PEM',
        };
      },
      'pem',
    ),
  };
}

/** A request names either the digest or the data; with data, Cloud KMS hashes it. */
function digestToSign({ digest, data }: z.infer<typeof signRequest>): Buffer {
  if (digest === null) {
    if (data.length === 0) throw invalidArgument('Either digest or data must be set.');
    return createHash('sha256').update(data).digest();
  }
  if (data.length > 0) throw invalidArgument('Only one of digest and data may be set.');
  if (digest.sha256?.length !== SHA256_BYTES) throw invalidArgument('digest.sha256 must be 32 bytes.');
  return digest.sha256;
}
