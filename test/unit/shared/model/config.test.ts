import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  ConfigError,
  commonConfig,
  type Environment,
  firestoreConfig,
  readConfig,
  signingKeyConfig,
} from '#shared/model/config.ts';

const complete = { PROJECT_ID: 'p', SERVICE_AUDIENCE: 'https://api.example' };
const everything = commonConfig.extend(firestoreConfig.shape).extend(signingKeyConfig.shape);

/** The faults that the message lists, each with its line's beginning: the variable's name. */
function faultsOf(schema: z.ZodObject, env: Environment): string[] {
  try {
    readConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n').slice(1);
    throw error;
  }
  throw new Error('it was accepted');
}

describe('readConfig', () => {
  it('fills in what has a default and leaves out what does not concern the function', () => {
    const read = readConfig(commonConfig, { ...complete, HOME: '/root', SERVICE_ACCOUNTS: '' });
    expect(read).not.toHaveProperty('HOME');
    expect(read).toMatchObject({
      ...complete,
      SERVICE_ACCOUNTS: [],
      SCHEDULER_ACCOUNTS: [],
      USER_JWKS_URL: 'https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com',
      SERVICE_JWKS_URL: 'https://www.googleapis.com/oauth2/v3/certs',
    });
  });

  it('reads lists of emails, separated by commas', () => {
    const read = readConfig(commonConfig, { ...complete, SERVICE_ACCOUNTS: 'a@p.example, b@p.example,' });
    expect(read.SERVICE_ACCOUNTS).toEqual(['a@p.example', 'b@p.example']);
  });

  it('reads endpoints and a key’s name', () => {
    const key = 'projects/p/locations/global/keyRings/r/cryptoKeys/licenses';
    const env = { SIGNING_KEY: key, KMS_ENDPOINT: '127.0.0.1:8085' };
    expect(readConfig(signingKeyConfig, env)).toMatchObject(env);
    expect(readConfig(firestoreConfig, {})).toEqual({ FIRESTORE_DATABASE: '(default)' });
  });

  it('lists every fault, one a line, with the name of its variable', () => {
    const faults = faultsOf(everything, {
      SERVICE_AUDIENCE: '',
      SERVICE_ACCOUNTS: 'a@p.example,nobody',
      USER_JWKS_URL: 'keys',
      SIGNING_KEY: 'licenses',
      KMS_ENDPOINT: 'http://127.0.0.1:8085',
    });
    expect(faults.map((line) => line.trim().split(':')[0])).toEqual([
      'PROJECT_ID',
      'SERVICE_AUDIENCE',
      'SERVICE_ACCOUNTS.1',
      'USER_JWKS_URL',
      'SIGNING_KEY',
      'KMS_ENDPOINT',
    ]);
    expect(faults.slice(0, 2)).toEqual(['  PROJECT_ID: is not set', '  SERVICE_AUDIENCE: is not set']);
    expect(faults.slice(4)).toEqual([
      '  SIGNING_KEY: must be a crypto key resource name',
      '  KMS_ENDPOINT: must be host:port',
    ]);
  });

  it('does not repeat what a variable holds', () => {
    const schema = z.object({
      TOKEN: z.string().regex(/^ok$/),
      MODE: z.enum(['deny', 'allow']),
      LIMIT: z.coerce.number(),
    });
    const env = { TOKEN: 'hunter2', MODE: 'hunter2', LIMIT: 'hunter2' };
    expect(faultsOf(schema, env).length).toBe(3);
    expect(faultsOf(schema, env).join()).not.toContain('hunter2');
  });

  it.each([
    ['a key version', 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1'],
    ['a key ring', 'projects/p/locations/l/keyRings/r'],
    ['another service’s name', '//cloudkms.googleapis.com/projects/p/locations/l/keyRings/r/cryptoKeys/k'],
  ])('refuses %s as the signing key', (_name, SIGNING_KEY) => {
    expect(faultsOf(signingKeyConfig, { SIGNING_KEY })).toEqual(['  SIGNING_KEY: must be a crypto key resource name']);
  });
});
