import * as z from 'zod';
import { isSignatureAlgorithm, type SignatureAlgorithm } from '../license-format/algorithms.ts';
import type { Document, DocumentReader, Query } from '../store/store.ts';

/** `archived_keys/{key_version}`: a version that is disabled in KMS and whose signatures may still be valid. */
export interface ArchivedKey {
  readonly keyVersion: string;
  readonly algorithm: SignatureAlgorithm;
  readonly pem: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly archivedAt: number;
  readonly publishedUntil: number;
}

/** The facts about key versions that KMS does not have. */
export interface Archive {
  readonly archived: readonly ArchivedKey[];
  /** Compromised key versions, which neither sign nor are published, whatever their state in KMS. */
  readonly revoked: ReadonlySet<string>;
}

export const EMPTY_ARCHIVE: Archive = { archived: [], revoked: new Set() };

const integer = z.number().int();
const archivedFields = z.object({
  algorithm: z.custom<SignatureAlgorithm>(isSignatureAlgorithm),
  pem: z.string(),
  created_at: integer,
  archived_at: integer,
  published_until: integer,
});

/** Keys of more than thirty years of monthly rotations. */
const MAX_KEYS = 500;

export const archiveQueries = {
  archivedKeys: (): Query => ({ collection: 'archived_keys', where: [], limit: MAX_KEYS }),
  revokedKeys: (): Query => ({ collection: 'revoked_keys', where: [], limit: MAX_KEYS }),
} as const;

export const archivePaths = {
  archived: (keyVersion: string) => `archived_keys/${keyVersion}`,
  revoked: (keyVersion: string) => `revoked_keys/${keyVersion}`,
  rotation: (keyVersion: string) => `key_rotations/${keyVersion}`,
} as const;

export async function readArchive(store: Pick<DocumentReader, 'query'>): Promise<Archive> {
  const [archived, revoked] = await Promise.all([
    store.query(archiveQueries.archivedKeys()),
    store.query(archiveQueries.revokedKeys()),
  ]);
  return { archived: archived.map(readArchived), revoked: new Set(revoked.map(({ id }) => id)) };
}

function readArchived({ id, fields }: Document): ArchivedKey {
  const { algorithm, pem, created_at, archived_at, published_until } = archivedFields.parse(fields);
  return {
    keyVersion: id,
    algorithm,
    pem,
    createdAt: created_at,
    archivedAt: archived_at,
    publishedUntil: published_until,
  };
}

export const archivedDocument = (key: ArchivedKey) => ({
  algorithm: key.algorithm,
  pem: key.pem,
  created_at: key.createdAt,
  archived_at: key.archivedAt,
  published_until: key.publishedUntil,
});
