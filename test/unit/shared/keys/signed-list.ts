import type { KeyVersion } from '#shared/keys/key-source.ts';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { nextList } from '#shared/keys/list-rules.ts';
import { type KeyListClaims, signStatement } from '#shared/keys/statements.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { type LocalKey, localKeys } from '../crypto/local-key.ts';

const ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256';
export const DAY = 86_400_000;
export const START = Date.UTC(2026, 0, 1);

/** The keys of the tests in their parts: root, directory, and two that sign licences. */
export const root = localKeys.first;
export const directory = localKeys.second;

export const version = (number: number, key: LocalKey, createdAt = START) => ({
  keyVersion: `licenses.${number}`,
  algorithm: ALGORITHM as KeyVersion['algorithm'],
  createdAt,
  pem: key.publicKey.pem,
  kid: key.publicKey.kid,
});

export const sign = <S extends Readonly<Record<string, unknown>>>(statement: S, by: LocalKey) =>
  signStatement(statement, ALGORITHM, (digest) => by.signer.sign(by.signingKey.keyVersion, digest));

/** A directory statement of the root, with what a test changes. */
export const directoryStatement = (changes: Readonly<Record<string, unknown>> = {}, by = root) =>
  sign(
    {
      kind: 'directory',
      directory_key: 'license-directory.1',
      pem: directory.publicKey.pem,
      valid_from: formatTime(START),
      valid_until: formatTime(START + 400 * DAY),
      root_version: 'license-root.1',
      ...changes,
    },
    by,
  );

export const listOf = (
  enabled: readonly ReturnType<typeof version>[],
  now = START,
  previous?: KeyListClaims,
  revoked: readonly { keyVersion: string; at: number }[] = [],
) => nextList({ previous, enabled, revoked, now, periods: DEFAULT_PERIODS, goodFor: 30 * 86_400 });

/** Root statement and list as they are stored and served. */
export const documentOf = async (list: KeyListClaims, statement = directoryStatement(), by = directory) => ({
  root: await statement,
  list: await sign({ ...list }, by),
});
