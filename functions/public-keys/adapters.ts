import { type Archive, readArchive } from '#shared/keys/archive.ts';
import type { KeySource } from '#shared/keys/key-source.ts';

export interface KeyServices {
  readonly source: KeySource;
  readonly archive: () => Promise<Archive>;
  readonly close: () => Promise<void>;
}

export interface KeyServicesSettings {
  readonly projectId: string;
  readonly database: string;
  readonly firestoreEndpoint: string | undefined;
  readonly kmsEndpoint: string | undefined;
  readonly signingKey: string;
}

/**
 * Cloud KMS and Firestore. Their clients are most of the code to load, so they are loaded and opened by the first read
 * of the keys: a starting instance answers sooner.
 */
export function createKeyServices(settings: KeyServicesSettings): KeyServices {
  let opening: Promise<KeyServices> | undefined;
  const opened = () => {
    opening ??= open(settings);
    return opening;
  };
  return {
    source: {
      listVersions: async () => (await opened()).source.listVersions(),
      readPem: async (keyVersion) => (await opened()).source.readPem(keyVersion),
    },
    archive: async () => (await opened()).archive(),
    close: async () => (await opening)?.close(),
  };
}

async function open(settings: KeyServicesSettings): Promise<KeyServices> {
  const [{ createKmsClient, createKmsKeySource }, { createFirestore }] = await Promise.all([
    import('#shared/gcp/kms.ts'),
    import('#shared/gcp/firestore.ts'),
  ]);
  const kms = createKmsClient(settings.kmsEndpoint);
  const store = createFirestore({
    projectId: settings.projectId,
    database: settings.database,
    endpoint: settings.firestoreEndpoint,
  });
  return {
    source: createKmsKeySource(kms, settings.signingKey),
    archive: () => readArchive(store),
    close: async () => {
      await Promise.all([store.close(), kms.close()]);
    },
  };
}
