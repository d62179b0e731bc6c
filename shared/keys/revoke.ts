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
 * Ends a compromised version, and may be repeated. The document comes first: instances heed it within a minute, while
 * KMS may go on signing with a disabled version for hours, and it holds although KMS fails. A version that
 * KMS does not disable now is disabled by the next rotation.
 * @throws CommitError when nothing is certain; Fault `dependency_unavailable` when it is revoked and KMS has not
 *   disabled it
 */
export async function revoke({ store, administrator, clock }: RevokeOptions, keyVersion: string, reason: string) {
  const fields = { revoked_at: clock.now(), reason };
  await store.commit([{ op: 'set', path: archivePaths.revoked(keyVersion), fields }]);
  await administrator.disableVersion(keyVersion);
}
