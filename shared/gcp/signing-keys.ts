import type { Signer } from '../crypto/signer.ts';
import type { KeyDirectory } from '../keys/directory.ts';
import { type OpenDirectoryOptions, openKeyDirectory } from '../keys/open-directory.ts';
import { createFirestore } from './firestore.ts';
import { createKmsClient, createKmsSigner } from './kms.ts';

export interface SigningKeysOptions extends Omit<OpenDirectoryOptions, 'store'> {
  /** Resource name of the crypto key that signs licences. */
  readonly cryptoKey: string;
  /** host:port of plaintext stand-ins; undefined for the services. */
  readonly kmsEndpoint: string | undefined;
  readonly firestoreEndpoint: string | undefined;
  readonly projectId: string;
  /** Firestore database of the signed key list. */
  readonly database: string;
}

/** The licence signing key in Cloud KMS: the signed list says which of its versions signs, KMS signs. */
export function openSigningKeys(options: SigningKeysOptions): {
  readonly keys: KeyDirectory;
  readonly signer: Signer;
  readonly close: () => Promise<void>;
} {
  const { projectId, database, firestoreEndpoint, cryptoKey, kmsEndpoint } = options;
  const store = createFirestore({ projectId, database, endpoint: firestoreEndpoint });
  const kms = createKmsClient(kmsEndpoint);
  return {
    keys: openKeyDirectory({ ...options, store: async () => store }),
    signer: createKmsSigner(kms, cryptoKey),
    close: async () => {
      await Promise.all([store.close(), kms.close()]);
    },
  };
}
