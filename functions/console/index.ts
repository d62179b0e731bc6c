import * as z from 'zod';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { PROVIDERS } from '#shared/contract/console.ts';
import { createFirestore, openFirestore } from '#shared/gcp/firestore.ts';
import { createIdentityPlatform } from '#shared/gcp/identity-platform.ts';
import { defineFunction } from '#shared/http/function.ts';
import { createRunOnce } from '#shared/idempotency/run-once.ts';
import {
  commonConfig,
  endpoint,
  firestoreConfig,
  keyListConfig,
  origin,
  origins,
  signingKeyConfig,
} from '#shared/model/config.ts';
import { budgetConfig } from '#shared/signing/budget.ts';
import { openAppFiles } from './app-files.ts';
import { createCookies } from './cookies.ts';
import { createHealth } from './health.ts';
import { healthRoutes } from './health-handlers.ts';
import { pageRoutes } from './page-handlers.ts';
import { createPortal } from './portal.ts';
import { portalRoutes } from './portal-handlers.ts';
import { sessionRoutes } from './session-handlers.ts';
import { createSessions } from './sessions.ts';
import { createConsoleSignIn } from './sign-in.ts';

const WAYS = [...Object.keys(PROVIDERS), 'password'];

const ways = z
  .string()
  .transform((text) => text.split(',').map((one) => one.trim()))
  .refine((list) => list.every((one) => WAYS.includes(one)), `must be some of ${WAYS.join(', ')}`);

/** The console: its page and files, and people's sessions. */
export const consoleFunction = defineFunction({
  name: 'console',
  config: z.object({
    ...commonConfig.pick({ PROJECT_ID: true, STAFF_SIGN_IN_MINUTES: true }).shape,
    ...firestoreConfig.shape,
    ...keyListConfig.pick({ KEYS_DATABASE: true }).shape,
    ...signingKeyConfig.pick({ SIGNING_KEY: true }).shape,
    ...budgetConfig.shape,
    CONSOLE_ORIGIN: origin.describe('where the console is served, such as https://licences.example.com'),
    CONSOLE_APP: z
      .string()
      .optional()
      .describe('folder of the built app; unset in production, where it is beside the bundle'),
    IDENTITY_API_KEY: z
      .string()
      .min(1)
      .describe('API key of Identity Platform: it names the project, and is no secret'),
    IDENTITY_ENDPOINT: endpoint.optional().describe('host:port of a plaintext stand-in; unset in production'),
    SIGN_IN_WAYS: ways
      .default(['google', 'github', 'password'])
      .describe('comma separated: how people may sign in to the console'),
    PORTAL_FRAME_ANCESTORS: origins
      .default([])
      .describe('origins, comma separated, whose pages may show the portal in a frame; empty: none'),
    PORTAL_ACCENT: z
      .string()
      .regex(/^#[0-9a-f]{6}$/i, 'must be like #1a7f5a')
      .optional()
      .describe('colour of buttons and links in the portal'),
    PORTAL_LOGO: z
      .url({ protocol: /^https$/ })
      .optional()
      .describe('HTTPS address of the logo that the portal shows'),
  }),
  compose(config, { clock, log }) {
    const store = openFirestore(config);
    const keys = createFirestore({
      projectId: config.PROJECT_ID,
      database: config.KEYS_DATABASE,
      endpoint: config.FIRESTORE_ENDPOINT,
    });
    const { SIGNING_KEY: subject, KMS_SIGNATURES_PER_MINUTE: perMinute } = config;
    const budget = perMinute === undefined ? undefined : { subject, perMinute };
    const { CONSOLE_ORIGIN: origin, IDENTITY_API_KEY: apiKey, IDENTITY_ENDPOINT: identity } = config;
    // Whoever has a stand-in of Firestore has no Cloud Logging.
    const cloudProject = config.FIRESTORE_ENDPOINT === undefined ? config.PROJECT_ID : undefined;
    const service = createIdentityPlatform({ apiKey, endpoint: identity });
    const sessions = createSessions({ store, clock });
    const signIn = createConsoleSignIn({
      service,
      sessions,
      people: store,
      clock,
      staffMaxAge: config.STAFF_SIGN_IN_MINUTES * 60_000,
      origin,
    });
    const portal = {
      frameAncestors: config.PORTAL_FRAME_ANCESTORS,
      accent: config.PORTAL_ACCENT,
      logo: config.PORTAL_LOGO,
    };
    return {
      routes: [
        ...pageRoutes(openAppFiles(config.CONSOLE_APP), { providers: config.SIGN_IN_WAYS, portal }),
        ...sessionRoutes({ signIn, sessions, cookies: createCookies(origin), clock, origin }),
        ...portalRoutes({
          portal: createPortal({ store, clock, commitAudited: createCommitAudited({ store, clock, log }) }),
          runOnce: createRunOnce({ store, clock }),
          origin,
        }),
        ...healthRoutes(createHealth({ store, keys, clock, budget, cloudProject })),
      ],
      counter: store,
      people: store,
      close: async () => {
        await Promise.all([store.close(), keys.close()]);
      },
    };
  },
});
