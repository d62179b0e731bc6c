import type { Server } from 'node:http';
import type * as z from 'zod';
import { createLimits } from '../limits/limits.ts';
import { createLogger, type LogSink } from '../logging/cloud-logging.ts';
import type { Clock } from '../model/clock.ts';
import { commonConfig, type Environment, readConfig } from '../model/config.ts';
import type { Logger } from '../model/logger.ts';
import type { Access } from '../model/principal.ts';
import type { Counter, DocumentReader } from '../store/store.ts';
import { type Authenticate, createAuthenticate } from './authenticate.ts';
import { createAuthorise } from './authorise.ts';
import { createCors } from './cors.ts';
import type { BoundRoute } from './route.ts';
import { createFunctionServer } from './server.ts';

/** The parameters of a composition root besides its settings. */
export interface FunctionContext {
  readonly clock: Clock;
  readonly log: Logger;
  /** Verifies a token on a route that admits anyone; the others know their caller. */
  readonly authenticate: Authenticate;
}

/** The result of a composition root: routes with their handlers, and a function that closes their connections. */
export interface Composition {
  readonly routes: readonly BoundRoute[];
  /** Counts the requests of users and services. Only a function that admits neither can do without. */
  readonly counter?: Counter;
  /** Where `users/{uid}` is read, for a function that admits people. */
  readonly people?: Pick<DocumentReader, 'get'>;
  readonly close: () => Promise<void>;
}

/** A deployable function: its name, its own settings, and its composition root. */
export interface FunctionDefinition<Config extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly config: Config;
  readonly compose: (config: z.output<Config>, context: FunctionContext) => Composition;
}

export interface RunningFunction {
  readonly name: string;
  readonly server: Server;
  readonly close: () => Promise<void>;
}

/** A function without the type of its settings, so that all functions fit one list. */
export interface Deployable {
  readonly name: string;
  readonly config: z.ZodObject;
  /**
   * @throws ConfigError naming every variable that is missing or malformed; TypeError for a composition that admits users
   *   or services and counts nobody's requests
   */
  readonly create: (env: Environment, clock: Clock, sink?: LogSink) => RunningFunction;
}

export function defineFunction<Config extends z.ZodObject>(definition: FunctionDefinition<Config>): Deployable {
  const { name, config, compose } = definition;
  const everything = commonConfig.extend(config.shape);
  return {
    name,
    config: everything,
    create(env, clock, sink) {
      readConfig(everything, env); // reports all faults at once; the two parts are parsed below with their own types
      const common = readConfig(commonConfig, env);
      const settings = readConfig(config, env);
      const log = createLogger(name, sink);
      const authenticate = createAuthenticate({
        user: {
          issuer: `https://securetoken.google.com/${common.PROJECT_ID}`,
          audience: common.PROJECT_ID,
          jwksUrl: common.USER_JWKS_URL,
        },
        service: { audience: common.SERVICE_AUDIENCE, jwksUrl: common.SERVICE_JWKS_URL },
        services: common.SERVICE_ACCOUNTS,
        schedulers: common.SCHEDULER_ACCOUNTS,
      });
      const composition = compose(settings, { clock, log, authenticate });
      requireLimiter(name, composition);
      const authorise = createAuthorise({
        people: composition.people,
        staff: { secondFactor: common.STAFF_SECOND_FACTOR, maxAge: common.STAFF_SIGN_IN_MINUTES * 60_000 },
        clock,
      });
      const limits = createLimits({
        counter: composition.counter,
        clock,
        log,
        callerLimit: common.RATE_LIMIT_PER_HOUR,
        strangerLimit: common.STRANGER_LIMIT_PER_HOUR,
      });
      const server = createFunctionServer({
        name,
        limits,
        cors: createCors(common.CORS_ORIGINS),
        clientIpHeader: common.CLIENT_IP_HEADER,
        routes: composition.routes,
        authenticate,
        authorise,
        log,
        sink,
        projectId: common.PROJECT_ID,
      });
      return { name, server, close: composition.close };
    },
  };
}

/** Callers that no limit of requests is kept for: strangers have one of their own, and the scheduler is ours. */
const UNCOUNTED: readonly Access[] = ['anyone', 'scheduler'];

function requireLimiter(name: string, { routes, counter }: Composition): void {
  const counted = routes.find(({ route }) => route.access.some((access) => !UNCOUNTED.includes(access)));
  if (counted === undefined || counter !== undefined) return;
  throw new TypeError(`${name} admits callers to ${counted.route.id}, so its composition needs a counter`);
}
