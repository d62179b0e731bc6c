import type { Route } from '../http/route.ts';
import * as admin from './admin.ts';
import * as licenseSigning from './license-signing.ts';
import * as publicKeys from './public-keys.ts';
import * as seats from './seats.ts';

/** The whole API as data: which function serves which routes. */
export const CONTRACT: Readonly<Record<string, readonly Route[]>> = {
  'license-signing': [licenseSigning.signLicense],
  seats: [seats.acquire, seats.heartbeat, seats.release],
  'public-keys': [publicKeys.jwks, publicKeys.listKeys, publicKeys.getPem, publicKeys.verifyLicense],
  admin: [admin.createLicense, admin.getLicense, admin.getUsage],
};
