import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { readKey } from '#shared/model/key-record.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { holderFields, readSession } from '#shared/model/session.ts';
import { deriveSessionName, handleOf, holderId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { ineligibility } from './eligibility.ts';

/** What a heartbeat brings when it wants the licence signed again. */
export interface RefreshRequest {
  readonly sessionId: string;
  readonly key: LicenseKey;
  /** The id of the key's document. */
  readonly keyHash: string;
  readonly hardwareId: string;
}

export interface Refreshable {
  readonly license: License;
  /** As the session has it from its acquire. */
  readonly userEmail: string | null;
}

/** Checks that session, machine and licence key belong together; one RPC. */
export type CheckRefresh = (request: RefreshRequest) => Promise<Refreshable>;

/**
 * A session id derives from the licence key and the nonce of the machine's holder document, so that document alone
 * shows whether the three belong together.
 * @throws Fault `forbidden` when they do not, or the key has ended; it does not tell which
 */
export function createCheckRefresh({ store, clock }: { store: DocumentReader; clock: Clock }): CheckRefresh {
  return async ({ sessionId, key, keyHash, hardwareId }) => {
    const handle = handleOf(sessionId);
    const [licenseDocument, keyDocument, holderDocument, sessionDocument] = await store.get([
      paths.license(key.licenseId),
      paths.key(key.licenseId, keyHash),
      paths.holder(key.licenseId, holderId(key.licenseId, hardwareId)),
      paths.session(handle),
    ]);
    if (licenseDocument === undefined || holderDocument === undefined || sessionDocument === undefined)
      throw mismatch();
    const license = readLicense(licenseDocument);
    const { nonce } = holderFields.parse(holderDocument.fields);
    if (deriveSessionName(key, nonce).sessionId !== sessionId) throw mismatch();
    if (ineligibility(keyDocument && readKey(keyDocument), license, clock.now()) !== undefined) throw mismatch();
    return { license, userEmail: readSession(sessionDocument).user_email };
  };
}

const mismatch = () =>
  new Fault('forbidden', 'Session, machine and licence key do not belong together, or the key has ended.');
