import type { Exchanges } from './example.ts';
import { JWK, LICENSE_DATA, PEM, SAMPLE } from './sample.ts';

/** Signing, checking, and the public keys for it. */
export const signatureExamples: Readonly<Record<string, Exchanges>> = {
  signLicense: {
    json: {
      summary: 'Signed JSON',
      body: { payload: { customer: 'Example Ltd', product: 'desktop', floating: false, devices: ['a1', 'b2'] } },
      status: 200,
      answer: {
        license_data: {
          customer: 'Example Ltd',
          product: 'desktop',
          floating: false,
          devices: ['a1', 'b2'],
          kind: 'document',
          signed_at: '2026-12-01T09:30:00.000Z',
          key_version: SAMPLE.key_version,
          signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
          signature: SAMPLE.signature,
        },
      },
    },
    jws: {
      summary: 'A compact JWS',
      body: { payload: { customer: 'Example Ltd' }, token_format: 'jws' },
      status: 200,
      answer: { license_token: SAMPLE.license_token },
    },
  },
  verifyLicense: {
    token: {
      summary: 'A token that is good; put one of your own',
      body: { license_token: SAMPLE.license_token },
      status: 200,
      answer: {
        valid: true,
        kind: 'seat',
        key_version: SAMPLE.key_version,
        expires_at: LICENSE_DATA.expires_at,
        valid_until: LICENSE_DATA.valid_until,
      },
    },
    tampered: {
      summary: 'Licence data that has been changed',
      body: { license_data: { ...LICENSE_DATA, max_seats: 1000 } },
      status: 200,
      answer: { valid: false, reason: 'bad_signature' },
    },
  },
  getJwks: { keys: { summary: 'The key set', status: 200, answer: { keys: [JWK] } } },
  listPublicKeys: {
    keys: {
      summary: 'One key, which signs',
      status: 200,
      answer: {
        keys: [
          {
            key_version: SAMPLE.key_version,
            kid: JWK.kid,
            algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
            state: 'signing',
            created_at: '2026-11-20T12:00:00.000Z',
            pem: PEM,
          },
        ],
      },
    },
  },
  getPublicKeyPem: {
    pem: { summary: 'By its version', params: { key_version: SAMPLE.key_version }, status: 200, answer: PEM },
  },
  getRootKeys: { pem: { summary: 'One root', status: 200, answer: PEM } },
  getSignedKeyList: {
    list: {
      summary: 'One key, which signs',
      status: 200,
      answer: {
        root: {
          kind: 'directory',
          directory_key: 'license-directory.1',
          pem: PEM,
          valid_from: '2026-11-20T12:00:00.000Z',
          valid_until: '2027-12-25T12:00:00.000Z',
          root_version: 'license-root.1',
          signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
          signature: SAMPLE.signature,
        },
        list: {
          kind: 'keys',
          sequence: 1795781700,
          issued_at: '2026-11-27T12:15:00.000Z',
          expires_at: '2026-12-27T12:15:00.000Z',
          keys: [
            {
              key_version: SAMPLE.key_version,
              kid: JWK.kid,
              algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
              created_at: '2026-11-20T12:00:00.000Z',
              signs_from: '2026-11-20T12:00:00.000Z',
              state: 'signing',
              pem: PEM,
            },
          ],
          revoked: [],
          signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
          signature: SAMPLE.signature,
        },
      },
    },
  },
};
