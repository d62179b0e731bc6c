import { idToken } from './session.ts';

/** @param refused the token that the API has just refused */
export type Bearer = (refused?: string) => string | Promise<string>;

let bearer: Bearer = idToken;

/** The token for a request: of the person who is signed in, or of the portal's link. */
export const token: Bearer = (refused) => bearer(refused);

/** The portal has a token of its own and nobody who signs in. */
export function takeTokensFrom(other: Bearer): void {
  bearer = other;
}
