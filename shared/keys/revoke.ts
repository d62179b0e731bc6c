import type { Clock } from '../model/clock.ts';
import type { DocumentStore } from '../store/store.ts';
import { archivePaths } from './archive.ts';
import type { KeyAdministrator } from './key-source.ts';

export interface RevokeOptions {
  readonly store: Pick<DocumentStore, 'commit'>;
  readonly administrator: Pick<KeyAdministrator, 'disableVersion'>;
  readonly clock: Clock;
}

/**
 * Revokes a compromised version. Idempotent. The document is written first: instances honour it within a minute, also when
 * KMS fails, and KMS may sign with a disabled version for hours. The next rotation disables a version that could not be
 * disabled now.
 * @throws CommitError when it is unknown whether the version is revoked; Fault `dependency_unavailable` when it is revoked
 *   and not yet disabled
 */
export async function revoke({ store, administrator, clock }: RevokeOptions, keyVersion: string, reason: string) {
  const fields = { revoked_at: clock.now(), reason };
  await store.commit([{ op: 'set', path: archivePaths.revoked(keyVersion), fields }]);
  await administrator.disableVersion(keyVersion);
}
