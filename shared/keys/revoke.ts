import type { Clock } from '../model/clock.ts';
import type { DocumentStore } from '../store/store.ts';
import type { KeyAdministrator } from './key-source.ts';
import { writeRevoked } from './store.ts';

export interface RevokeOptions {
  /** The keys' own database. */
  readonly store: Pick<DocumentStore, 'commit'>;
  readonly administrator: Pick<KeyAdministrator, 'disableVersion'>;
  readonly clock: Clock;
}

/**
 * Records a compromised version and disables it, and may be repeated. The record comes first, since it holds although
 * KMS fails. The next rotation signs a list without the key, which instances heed within a minute and clients with
 * their next list; a version that KMS does not disable now is disabled by that rotation.
 * @throws CommitError when nothing is certain; Fault `dependency_unavailable` when it is recorded and KMS has not
 *   disabled it
 */
export async function revoke({ store, administrator, clock }: RevokeOptions, keyVersion: string, reason: string) {
  await writeRevoked(store, keyVersion, { revoked_at: clock.now(), reason });
  await administrator.disableVersion(keyVersion);
}
