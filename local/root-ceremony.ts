import { createRotate } from '#functions/key-rotation/rotate.ts';
import { readPublicKey } from '#shared/crypto/public-key.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { createKmsClient, createKmsKeyAdministrator, createKmsKeySource, createKmsSigner } from '#shared/gcp/kms.ts';
import { signDirectory } from '#shared/keys/ceremony.ts';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { readStatements, writeDirectory } from '#shared/keys/store.ts';
import { DEFAULT_ALGORITHM } from '#shared/license-format/algorithms.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { Project } from './accounts.ts';

export interface CeremonyPlaces {
  readonly project: Project;
  /** host:port of listeners that take every call as the administrator's. */
  readonly kms: string;
  readonly firestore: string;
  readonly clock: Clock;
}

/**
 * What a person and the scheduler do before the first deployment: the root signs the directory key, and key-rotation
 * signs the first list. What is there from an earlier run stays.
 * @returns the root's public key in PEM form
 */
export async function holdRootCeremony({ project, kms: address, firestore, clock }: CeremonyPlaces): Promise<string> {
  const kms = createKmsClient(address);
  const store = createFirestore({ projectId: project.id, database: 'keys', endpoint: firestore });
  const silent = { log: () => undefined, with: () => silent };
  try {
    const root = { source: createKmsKeySource(kms, project.rootKey), signer: createKmsSigner(kms, project.rootKey) };
    const pem = await root.source.readPem('license-root.1');
    if ((await readStatements(store)).root === undefined) {
      const statement = await signDirectory({
        root,
        directory: { source: createKmsKeySource(kms, project.directoryKey) },
        rootVersion: 'license-root.1',
        directoryVersion: 'license-directory.1',
        now: clock.now(),
        days: 400,
      });
      await writeDirectory(store, statement);
    }
    const rotate = createRotate({
      source: createKmsKeySource(kms, project.signingKey),
      administrator: createKmsKeyAdministrator(kms, project.signingKey),
      directory: createKmsSigner(kms, project.directoryKey),
      roots: [readPublicKey(pem, DEFAULT_ALGORITHM)],
      store,
      clock,
      log: silent,
      periods: DEFAULT_PERIODS,
      listGoodFor: 30 * 86_400,
    });
    await rotate();
    return pem;
  } finally {
    await Promise.all([store.close(), kms.close()]);
  }
}
