import type { Caller } from '#local/caller.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { Objects } from './objects.ts';
import type { Sessions } from './sessions.ts';
import type { PublicKeyOf } from './signed-request.ts';
import type { Store } from './store.ts';

export interface XmlApiParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly sessions: Sessions;
  readonly clock: Clock;
  /** The accounts there are, with their rights. */
  readonly callers: readonly Caller[];
  readonly publicKey: PublicKeyOf;
}
