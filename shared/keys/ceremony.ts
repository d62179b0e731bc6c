import { readPublicKey } from '../crypto/public-key.ts';
import type { Signer } from '../crypto/signer.ts';
import { DEFAULT_ALGORITHM } from '../license-format/algorithms.ts';
import { formatTime } from '../license-format/time.ts';
import type { KeySource } from './key-source.ts';
import { type DirectoryStatement, requireRootSignature, signStatement } from './statements.ts';

/** A key of which a person holds a version: where its public keys are read, and who signs with it. */
export interface CeremonyKey {
  readonly source: Pick<KeySource, 'readPem'>;
  readonly signer: Signer;
}

export interface CeremonyOptions {
  readonly root: CeremonyKey;
  readonly directory: { readonly source: Pick<KeySource, 'readPem'> };
  /** `license-root.1` */
  readonly rootVersion: string;
  /** `license-directory.1` */
  readonly directoryVersion: string;
  /** The root before, when the root is replaced: it endorses the new one for clients that know only the old one. */
  readonly endorsedBy?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Days for which the directory key may sign lists. */
  readonly days: number;
}

/**
 * Signs with the root which directory key is good, and until when.
 * @returns the statement, checked with the root's public key as its readers check it
 * @throws Fault `signing_unavailable` or `dependency_unavailable` when KMS refuses or fails
 */
export async function signDirectory(options: CeremonyOptions): Promise<DirectoryStatement> {
  const { root, directory, rootVersion, directoryVersion, endorsedBy, now, days } = options;
  const [rootPem, directoryPem] = await Promise.all([
    root.source.readPem(rootVersion),
    directory.source.readPem(directoryVersion),
  ]);
  const rootKey = readPublicKey(rootPem, DEFAULT_ALGORITHM);
  const endorsement =
    endorsedBy === undefined
      ? undefined
      : await signStatement(
          { kind: 'root' as const, pem: rootKey.pem, root_version: rootVersion, endorsed_at: formatTime(now) },
          DEFAULT_ALGORITHM,
          (digest) => root.signer.sign(endorsedBy, digest),
        );
  const statement = await signStatement(
    {
      kind: 'directory' as const,
      directory_key: directoryVersion,
      pem: readPublicKey(directoryPem, DEFAULT_ALGORITHM).pem,
      valid_from: formatTime(now),
      valid_until: formatTime(now + days * 86_400_000),
      root_version: rootVersion,
      ...(endorsement === undefined ? {} : { endorsement }),
    },
    DEFAULT_ALGORITHM,
    (digest) => root.signer.sign(rootVersion, digest),
  );
  requireRootSignature(statement, [rootKey]);
  return statement;
}
