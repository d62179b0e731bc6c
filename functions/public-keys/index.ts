import * as z from 'zod';
import * as contract from '#shared/contract/public-keys.ts';
import { verifyLicenseToken } from '#shared/crypto/jws.ts';
import { verifyLicense } from '#shared/crypto/license.ts';
import { createVerifiedHeads } from '#shared/crypto/verified-heads.ts';
import { invalidBecause, type Verification } from '#shared/crypto/verify.ts';
import { defineFunction } from '#shared/http/function.ts';
import { bind } from '#shared/http/validate.ts';
import { createKeyDirectory } from '#shared/keys/directory.ts';
import { commonConfig, firestoreConfig, KEY_LIST_MAX_AGE, keyPeriods, signingKeyConfig } from '#shared/model/config.ts';
import { createKeyServices } from './adapters.ts';
import { createKeyResponses } from './responses.ts';

/** Serves the public keys and checks signatures. Its account can read keys and nothing else. */
export const publicKeys = defineFunction({
  name: 'public-keys',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true }).shape,
    ...firestoreConfig.shape,
    ...signingKeyConfig.shape,
  }),
  compose(config, { clock, log }) {
    const services = createKeyServices({
      projectId: config.PROJECT_ID,
      database: config.FIRESTORE_DATABASE,
      firestoreEndpoint: config.FIRESTORE_ENDPOINT,
      kmsEndpoint: config.KMS_ENDPOINT,
      signingKey: config.SIGNING_KEY,
    });
    const keys = createKeyDirectory({
      source: services.source,
      archive: services.archive,
      clock,
      periods: keyPeriods(config),
      maxAge: KEY_LIST_MAX_AGE,
      onStale: (error) => log.log('ERROR', 'stale_keys', { error }),
    });
    const answers = createKeyResponses(keys);
    const heads = createVerifiedHeads();
    return {
      routes: [
        { ...bind(contract.jwks, answers.jwks.current), cached: answers.jwks.cached },
        { ...bind(contract.listKeys, answers.list.current), cached: answers.list.cached },
        { ...bind(contract.getPem, answers.pem.current), cached: answers.pem.cached },
        bind(contract.verifyLicense, async ({ body, inexact }) => {
          const { byVersion, byKid } = await keys.current();
          const now = clock.now();
          if (body.license_token !== undefined) {
            return verificationResponse(
              verifyLicenseToken(body.license_token, (kid) => byKid.get(kid)?.publicKey, now),
            );
          }
          // A number that was not an integer as written has been rounded: these are not the bytes that were signed.
          if (inexact.length > 0) return verificationResponse(invalidBecause('malformed'));
          return verificationResponse(
            verifyLicense(body.license_data, (version) => byVersion.get(version)?.publicKey, now, heads),
          );
        }),
      ],
      close: services.close,
    };
  },
});

function verificationResponse(verification: Verification) {
  if (!verification.valid) return { status: 200, body: verification };
  const { keyVersion, expiresAt, validUntil } = verification;
  return {
    status: 200,
    body: {
      valid: true,
      key_version: keyVersion,
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
      ...(validUntil === undefined ? {} : { valid_until: validUntil }),
    },
  };
}
