import * as z from 'zod';
import { SERVICE_SCOPES, type ServicePrincipal, type ServiceScope } from './principal.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment is incomplete or invalid. The message lists every fault, one a line. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The environment is incomplete or invalid:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Parses the settings of a function, once, in its composition root. An empty variable counts as missing.
 * @throws ConfigError naming every variable that is missing or malformed
 */
export function readConfig<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const present = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, env[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = schema.safeParse(present);
  if (result.success) return result.data;
  throw new ConfigError(
    result.error.issues.map(
      ({ path, message }) => `${path.join('.')}: ${present[String(path[0])] === undefined ? 'is not set' : message}`,
    ),
  );
}

const commaSeparated = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

const emails = commaSeparated.pipe(z.array(z.email()));

/** What stands for one service account: `email=licenses+sign`, or `email=urls:ten_1+urls:ten_2` for those tenants alone. */
const ACCOUNT = /^(?<email>[^=]+)=(?<scopes>[^=]+)$/;
const GRANT = /^(?<scope>[a-z]+)(?::(?<tenant>[A-Za-z0-9_-]{1,128}))?$/;

const serviceAccounts = commaSeparated.transform((items, context): readonly Omit<ServicePrincipal, 'kind'>[] => {
  const accounts = items.map(readServiceAccount);
  for (const [index, account] of accounts.entries()) {
    const fault = typeof account === 'string' ? account : duplicated(account.email, accounts.slice(0, index));
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [index], message: fault });
  }
  return accounts.filter((account) => typeof account !== 'string');
});

/** @returns the account, or what is wrong with it */
function readServiceAccount(text: string): Omit<ServicePrincipal, 'kind'> | string {
  const { email, scopes: list = '' } = ACCOUNT.exec(text)?.groups ?? {};
  if (!z.email().safeParse(email).success || email === undefined) return 'must be EMAIL=SCOPE, or EMAIL=SCOPE+SCOPE';
  const grants = list.split('+').map((grant) => GRANT.exec(grant)?.groups);
  const scopes = grants.map((grant) => SERVICE_SCOPES.find((scope) => scope === grant?.['scope']));
  if (scopes.includes(undefined)) return `has a scope that is none of ${SERVICE_SCOPES.join(', ')}`;
  if (grants.some((grant) => grant?.['tenant'] !== undefined && grant['scope'] !== 'urls'))
    return 'names a tenant for another scope than urls';
  const tenants = grants.flatMap((grant) => (grant?.['scope'] === 'urls' ? [grant['tenant']] : []));
  const named = tenants.filter((tenant) => tenant !== undefined);
  return {
    email,
    scopes: [...new Set(scopes.filter((scope): scope is ServiceScope => scope !== undefined))],
    urlTenants: named.length === 0 || named.length < tenants.length ? undefined : named,
  };
}

function duplicated(email: string, before: readonly (Omit<ServicePrincipal, 'kind'> | string)[]): string | undefined {
  const known = before.some((account) => typeof account !== 'string' && account.email === email);
  return known ? 'names an account a second time' : undefined;
}

/** Origins are compared exactly, so each must be spelled as browsers send it. */
export const origin = z
  .string()
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'must be like https://app.example.com');

export const origins = commaSeparated.pipe(z.array(origin));

/** host:port of a plaintext gRPC stand-in; unset in production. */
export const endpoint = z.string().regex(/^[\w.-]+:\d+$/, 'must be host:port');

/** The settings of every function: the project, and the accepted tokens. */
export const commonConfig = z.object({
  PROJECT_ID: z.string().min(1).describe('Google Cloud project of the services'),
  SERVICE_AUDIENCE: z.string().min(1).describe('audience of service tokens, the same for all functions'),
  SERVICE_ACCOUNTS: serviceAccounts
    .default([])
    .describe('back ends and their scopes, comma separated: EMAIL=licenses+sign,OTHER=tasks,THIRD=urls:TENANT_ID'),
  SCHEDULER_ACCOUNTS: emails.default([]).describe('emails, comma separated: who may call /internal routes'),
  STAFF_SECOND_FACTOR: z
    .enum(['required', 'off'])
    .default('required')
    .describe('whether staff must have signed in with a second factor'),
  STAFF_SIGN_IN_MINUTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(60)
    .describe('minutes after which staff must sign in again, however often their token was renewed'),
  USER_JWKS_URL: z
    .url()
    .default('https://www.googleapis.com/service_accounts/v1/jwk/securetoken@system.gserviceaccount.com')
    .describe("Identity Platform's key set"),
  SERVICE_JWKS_URL: z
    .url()
    .default('https://www.googleapis.com/oauth2/v3/certs')
    .describe("Google's key set for service tokens"),
  RATE_LIMIT_PER_HOUR: z.coerce.number().int().min(1).default(1000).describe('requests an hour of one user or service'),
  STRANGER_LIMIT_PER_HOUR: z.coerce
    .number()
    .int()
    .min(1)
    .default(100)
    .describe('requests an hour and address without a valid licence key, session id or token'),
  CORS_ORIGINS: origins
    .default([])
    .describe(
      'origins, comma separated, whose web pages may call the routes of users and of seats; empty: no other origin',
    ),
  CLIENT_IP_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .optional()
    .describe("the header in which the load balancer sends the client's address"),
});

export const uploadBucket = z.string().min(3).describe('the bucket that URLs lead into');

export const firestoreConfig = z.object({
  FIRESTORE_DATABASE: z.string().min(1).default('(default)').describe('Firestore database id'),
  FIRESTORE_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
});

/**
 * Maximum age of a list of keys that a client may have: the cache of an instance, then the CDN or the client (an hour),
 * and both for a day more while we fail. A version must be published for longer before it signs.
 */
const CACHED_HOURS = 26;

const period = (fallback: number, min: number) => z.coerce.number().min(min).default(fallback);

const cryptoKey = z
  .string()
  .regex(
    /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
    'must be a crypto key resource name',
  );

/** A key in Cloud KMS that a function signs with, or makes versions of. */
export const signingKeyConfig = z.object({
  SIGNING_KEY: cryptoKey.describe('resource name of the licence signing key'),
  KMS_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
});

/** The key that signs the key list; key-rotation alone may use it. */
export const directoryKeyConfig = z.object({
  DIRECTORY_KEY: cryptoKey.describe('resource name of the key that signs the key list'),
  KEY_LIST_DAYS: period(30, 2).describe('how long a signed key list is good'),
});

/** Where webhooks' secrets are sealed, what makes their deliveries prompt, and where they may lead. */
export const webhookConfig = z.object({
  WEBHOOK_KEY: cryptoKey.describe('resource name of the key that seals webhook secrets'),
  WEBHOOK_QUEUE: z
    .string()
    .regex(/^projects\/[^/]+\/locations\/[^/]+\/queues\/[^/]+$/, 'must be a queue resource name')
    .describe('resource name of the Cloud Tasks queue of webhook deliveries'),
  TASKS_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
  WEBHOOK_ALLOW_LOOPBACK: z
    .enum(['true', 'false'])
    .default('false')
    .transform((text) => text === 'true')
    .describe('true: webhooks may lead to this machine, by http; never in production'),
});

/** For the root ceremony alone: no function may use the root. */
export const rootKeyConfig = z.object({ ROOT_KEY: cryptoKey.describe('resource name of the root key') });

/** Where the signed key list is, whose signature counts for it, and what follows from it. */
export const keyListConfig = z.object({
  KEYS_DATABASE: z.string().min(1).default('keys').describe('Firestore database id of the signed key list'),
  ROOT_KEYS: z
    .string()
    .transform((text) => text.replaceAll('\\n', '\n'))
    .describe(
      'PEM of the root public key, newest first if there are several; line ends may be written \\n. `countersign root` prints it. Without a signed list in KEYS_DATABASE a function starts and answers 503 until key-rotation has run',
    ),
  PUBLISH_BEFORE_SIGNING_HOURS: period(48, CACHED_HOURS).describe(
    'time between the publication of a key version and its first signature',
  ),
  ROTATE_AFTER_DAYS: period(30, 3).describe('age of the newest key version at which the next one is created'),
  ARCHIVE_AFTER_DAYS: period(30, 1).describe('time between the retirement of a key version and its archiving'),
  LONGEST_VALIDITY_DAYS: period(400, 1).describe(
    'longest validity of a signature, and how long archived keys stay published',
  ),
});

/** @param config what `keyListConfig` reads */
export const keyPeriods = (config: z.output<typeof keyListConfig>) => ({
  publishBeforeSigning: config.PUBLISH_BEFORE_SIGNING_HOURS * 3600,
  rotateAfter: config.ROTATE_AFTER_DAYS * 86_400,
  archiveAfter: config.ARCHIVE_AFTER_DAYS * 86_400,
  longestValidity: config.LONGEST_VALIDITY_DAYS * 86_400,
});

/** Seconds that an instance keeps the key list: a revoked key is gone from every answer within that time. */
export const KEY_LIST_MAX_AGE = 60;
