/** Checks licences and describes seats: everything that is the same in Node, Deno, Bun and browsers. */
export { hashedHardwareId } from './hardware-id.ts';
export { type KeyMaterial, pinnedKeys } from './keys/pinned.ts';
export type { PublicKey } from './keys/public-key.ts';
export { rootKey } from './keys/root.ts';
export {
  type FoundKeys,
  firstOf,
  type KeyDocument,
  type KeyName,
  type KeyQuery,
  type KeySource,
  type KeySurroundings,
  KeysUnavailable,
} from './keys/source.ts';
export { unpinnedKeys } from './keys/unpinned.ts';
export type { SeatClaims } from './license/claims.ts';
export { featureOf, hasFeature } from './license/features.ts';
export type { LicenseCheck, LicenseForm, RefusalReason, RefusedLicense, ValidLicense } from './license/result.ts';
export { type VerifyOptions, verifyLicense } from './license/verify.ts';
export { type KeptLicense, SeatError, type SeatErrorCode } from './seat/error.ts';
export type { LossReason, SeatEvent, SeatListener } from './seat/events.ts';
export type { FailureCode } from './seat/failure.ts';
export type { HoldOptions } from './seat/options.ts';
export type { Seat, SeatState } from './seat/seat.ts';
export { memoryStorage } from './storage/memory.ts';
export type { Storage } from './storage/storage.ts';
export { type WebStorageArea, webStorage } from './storage/web.ts';
export { type ClockSource, createTrustedClock, type TrustedClock } from './trusted-clock.ts';
