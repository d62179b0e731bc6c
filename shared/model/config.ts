import * as z from 'zod';

/** Environment variables, as a function's schema reads them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not fit; the message lists every fault, one a line. */
export class ConfigError extends Error {
  constructor(faults: readonly string[]) {
    super(`The environment is not complete:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * Reads a function's settings, once, at its composition root. An empty variable counts as missing.
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

/** Origins are compared to the letter, so one that no browser would write as it stands is a mistake. */
const origins = commaSeparated.pipe(
  z.array(
    z
      .string()
      .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'must be like https://app.example.com'),
  ),
);

/** host:port of a plaintext gRPC stand-in; unset in production, where the client knows its service. */
export const endpoint = z.string().regex(/^[\w.-]+:\d+$/, 'must be host:port');

/** What every function needs: the project, and whose tokens count. */
export const commonConfig = z.object({
  PROJECT_ID: z.string().min(1).describe('Google Cloud project of the services'),
  SERVICE_AUDIENCE: z.string().min(1).describe('the one audience of service tokens, the same for all functions'),
  SERVICE_ACCOUNTS: emails.default([]).describe('emails, comma separated: back ends that may sign and seal'),
  SCHEDULER_ACCOUNTS: emails.default([]).describe('emails, comma separated: who may call /internal routes'),
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
      'origins, comma separated, whose web pages may call the routes of users; none: no page of another origin',
    ),
  CLIENT_IP_HEADER: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .optional()
    .describe("the header in which the load balancer puts the client's address"),
});

export const firestoreConfig = z.object({
  FIRESTORE_DATABASE: z.string().min(1).default('(default)').describe('Firestore database id'),
  FIRESTORE_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
});

/**
 * What a published key may be served from, one after the other: an instance's list, the CDN or a client (an hour), and
 * both for a day more while we fail. A version must have been published for longer before it signs.
 */
const CACHED_HOURS = 26;

const period = (fallback: number, min: number) => z.coerce.number().min(min).default(fallback);

export const signingKeyConfig = z.object({
  SIGNING_KEY: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
      'must be a crypto key resource name',
    )
    .describe('resource name of the licence signing key'),
  KMS_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
  PUBLISH_BEFORE_SIGNING_HOURS: period(48, CACHED_HOURS).describe(
    'how long a key version is published before it signs',
  ),
  ROTATE_AFTER_DAYS: period(30, 3).describe('age of the newest key version at which the next one is made'),
  ARCHIVE_AFTER_DAYS: period(30, 1).describe(
    'time after its retirement at which a key version is disabled and archived',
  ),
  LONGEST_VALIDITY_DAYS: period(400, 1).describe(
    'how far validity may reach ahead, and how long archived keys are published',
  ),
});

/** @param config what `signingKeyConfig` reads */
export const keyPeriods = (config: z.output<typeof signingKeyConfig>) => ({
  publishBeforeSigning: config.PUBLISH_BEFORE_SIGNING_HOURS * 3600,
  rotateAfter: config.ROTATE_AFTER_DAYS * 86_400,
  archiveAfter: config.ARCHIVE_AFTER_DAYS * 86_400,
  longestValidity: config.LONGEST_VALIDITY_DAYS * 86_400,
});

/** Seconds that an instance keeps the list of key versions: a revoked one is gone from every answer within that time. */
export const KEY_LIST_MAX_AGE = 60;
