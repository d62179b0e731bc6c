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
    const read = readConfig(commonConfig, { ...complete, SCHEDULER_ACCOUNTS: 'a@p.example, b@p.example,' });
    expect(read.SCHEDULER_ACCOUNTS).toEqual(['a@p.example', 'b@p.example']);
  });

  it('reads service accounts with their scopes', () => {
    const accounts = 'shop@p.example=licenses+sign, tasks@p.example=tasks, up@p.example=urls:ten_1+urls:ten_2+sign,';
    const read = readConfig(commonConfig, { ...complete, SERVICE_ACCOUNTS: accounts });
    expect(read.SERVICE_ACCOUNTS).toEqual([
      { email: 'shop@p.example', scopes: ['licenses', 'sign'], urlTenants: undefined },
      { email: 'tasks@p.example', scopes: ['tasks'], urlTenants: undefined },
      { email: 'up@p.example', scopes: ['urls', 'sign'], urlTenants: ['ten_1', 'ten_2'] },
    ]);
    const wide = readConfig(commonConfig, { ...complete, SERVICE_ACCOUNTS: 'a@p.example=urls:ten_1+urls' });
    expect(wide.SERVICE_ACCOUNTS).toMatchObject([{ urlTenants: undefined }]);
  });

  it.each([
    ['a@p.example', 'must be EMAIL=SCOPE'],
    ['a@p.example=', 'must be EMAIL=SCOPE'],
    ['=sign', 'must be EMAIL=SCOPE'],
    ['nobody=sign', 'must be EMAIL=SCOPE'],
    ['a@p.example=sign+', 'has a scope that is none of licenses, sign, tasks, urls, portal'],
    ['a@p.example=Sign', 'has a scope'],
    ['a@p.example=everything', 'has a scope'],
    ['a@p.example=urls:', 'has a scope'],
    ['a@p.example=urls:a/b', 'has a scope'],
    ['a@p.example=sign:ten_1', 'names a tenant for another scope than urls'],
    ['a@p.example=sign,a@p.example=tasks', 'names an account a second time'],
  ])('refuses the service account %s', (text, reason) => {
    const faults = faultsOf(commonConfig, { ...complete, SERVICE_ACCOUNTS: text });
    expect(faults).toEqual([expect.stringContaining(reason)]);
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
      SERVICE_ACCOUNTS: 'a@p.example=sign,nobody=sign',
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
