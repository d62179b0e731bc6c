/** A user as Identity Platform knows it. */
export interface User {
  readonly uid: string;
  readonly email: string | null;
  /** All custom claims, ours (`tenant_id`, `role`, `staff`) and others. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Where users and what they may do are kept. Claims reach a user's tokens when they are refreshed.
 * Every method throws the Fault `dependency_unavailable` when nobody knows whether it was done; each may be repeated.
 */
export interface UserDirectory {
  find(uid: string): Promise<User | undefined>;
  /** Replaces all custom claims. A user who is gone has none: that is no fault. */
  setClaims(uid: string, claims: Readonly<Record<string, unknown>>): Promise<void>;
  /** No token is refreshed any more: the user has to sign in again. */
  endSessions(uid: string): Promise<void>;
}
