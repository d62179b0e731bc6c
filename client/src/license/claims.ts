/**
 * What the server signs into the licence of a seat. Every member may be missing: a licence may be older or newer than the
 * program that reads it. `verifyLicense` answers them by these types when asked for `verifyLicense<SeatClaims>(…)`; the
 * signature says who wrote them, and their types are the server's word.
 */
export interface SeatClaims {
  readonly kind?: 'seat';
  readonly license_id?: string;
  readonly license_key?: string;
  readonly session_id?: string;
  readonly tenant_id?: string;
  readonly product?: string;
  readonly tier?: string;
  /** Names, or names with values. */
  readonly features?: readonly string[] | Readonly<Record<string, string | number | boolean>>;
  readonly max_seats?: number;
  readonly hardware_id?: string;
  readonly user_email?: string | null;
  /** RFC 3339, like the others that end in `_at` and `_until`; null for a licence without an end. */
  readonly expires_at?: string | null;
  readonly updates_until?: string | null;
  readonly valid_until?: string;
  readonly signed_at?: string;
  /** `online` or `borrowed`; the latter until `borrowed_until`. */
  readonly mode?: string;
  readonly borrowed_until?: string;
  readonly key_version?: string;
}
