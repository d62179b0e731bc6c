import * as z from 'zod';
import * as contract from '#shared/contract/public-keys.ts';
import { verifyLicenseToken } from '#shared/crypto/jws.ts';
import { verifyLicense } from '#shared/crypto/license.ts';
import { createVerifiedHeads } from '#shared/crypto/verified-heads.ts';
import { invalidBecause, type Verification } from '#shared/crypto/verify.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { openKeyDirectory } from '#shared/keys/open-directory.ts';
import { commonConfig, firestoreConfig, keyListConfig, keyPeriods } from '#shared/model/config.ts';
import { createLazyStore } from './adapters.ts';
import { createKeyResponses } from './responses.ts';

/** Serves the signed key list and what follows from it, and checks signatures. Its account can read that list and nothing else. */
export const publicKeys = defineFunction({
  name: 'public-keys',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.pick({ FIRESTORE_ENDPOINT: true }).shape,
    ...keyListConfig.shape,
  }),
  compose(config, { clock, log }) {
    const store = createLazyStore({
      projectId: config.PROJECT_ID,
      database: config.KEYS_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const keys = openKeyDirectory({
      store: store.open,
      rootKeys: config.ROOT_KEYS,
      periods: keyPeriods(config),
      clock,
      log,
    });
    const answers = createKeyResponses(keys, config.ROOT_KEYS);
    const heads = createVerifiedHeads();
    return {
      routes: [
        { ...bind(contract.jwks, answers.jwks.current), cached: answers.jwks.cached },
        { ...bind(contract.listKeys, answers.list.current), cached: answers.list.cached },
        { ...bind(contract.signedKeyList, answers.signedList.current), cached: answers.signedList.cached },
        { ...bind(contract.rootKeys, answers.roots.current), cached: answers.roots.cached },
        { ...bind(contract.getPem, answers.pem.current), cached: answers.pem.cached },
        bind(contract.verifyLicense, async ({ body, inexact }) => {
          const { byVersion, byKid, revoked } = await keys.current();
          const now = clock.now();
          if (body.license_token !== undefined) {
            return verificationResponse(
              verifyLicenseToken(
                body.license_token,
                (kid) => (revoked.has(kid) ? 'revoked' : byKid.get(kid)?.publicKey),
                now,
              ),
            );
          }
          // A number that was not an integer as written has been rounded: these are not the bytes that were signed.
          if (inexact.length > 0) return verificationResponse(invalidBecause('malformed'));
          return verificationResponse(
            verifyLicense(
              body.license_data,
              (version) => (revoked.has(version) ? 'revoked' : byVersion.get(version)?.publicKey),
              now,
              heads,
            ),
          );
        }),
      ],
      close: store.close,
    };
  },
});

function verificationResponse(verification: Verification) {
  if (!verification.valid) return { status: 200, body: verification };
  const { claims, keyVersion, expiresAt, validUntil } = verification;
  const { kind } = claims;
  if (kind !== 'seat' && kind !== 'document') return { status: 200, body: invalidBecause('malformed') };
  return {
    status: 200,
    body: {
      valid: true,
      kind,
      key_version: keyVersion,
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      ...(validUntil === undefined ? {} : { valid_until: validUntil }),
    },
  };
}
