/** A user in Identity Platform. */
export interface User {
  readonly uid: string;
  readonly email: string | null;
  /** All custom claims, ours (`tenant_id`, `role`, `staff`) and others. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * The directory of users and their rights. Changed claims reach a user's token when it is refreshed. All methods are
 * idempotent and throw the Fault `dependency_unavailable` when the outcome is unknown.
 */
export interface UserDirectory {
  find(uid: string): Promise<User | undefined>;
  /** Replaces all custom claims. Does nothing for a user who does not exist. */
  setClaims(uid: string, claims: Readonly<Record<string, unknown>>): Promise<void>;
  /** Revokes all refresh tokens, so that the user must sign in again. */
  endSessions(uid: string): Promise<void>;
}
