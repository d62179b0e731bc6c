import type { Caller } from '#local/caller.ts';
import type { Objects } from './objects.ts';
import type { Sessions } from './sessions.ts';
import type { Store } from './store.ts';

/** What the JSON API and its uploads work on. */
export interface JsonApiParts {
  readonly store: Store;
  readonly objects: Objects;
  readonly sessions: Sessions;
  /** Who calls: every service account has a listener of its own. */
  readonly caller: Caller;
}
