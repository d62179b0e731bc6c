import { systemClock } from '../model/clock.ts';
import { ConfigError } from '../model/config.ts';
import type { Deployable } from './function.ts';
import { prepareShutdown } from './shutdown.ts';

/** Milliseconds for the stores to close; together with the requests in flight less than Cloud Run's ten seconds. */
const CLOSE_WITHIN = 2_000;

/**
 * Runs one function as a process, as on Cloud Run: it listens on `PORT`. On SIGTERM it completes open requests, closes
 * what it holds and exits with 0.
 */
export function start(deployable: Deployable): void {
  const { server, close } = createOrExit(deployable);
  const shutdown = prepareShutdown(server);
  server.listen(Number(process.env['PORT'] ?? 8080));
  const stop = async () => {
    await shutdown();
    setTimeout(() => process.exit(0), CLOSE_WITHIN).unref();
    await close().catch((error) => process.stderr.write(`${deployable.name}: ${String(error)}\n`));
    process.exit(0);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
}

function createOrExit(deployable: Deployable) {
  try {
    return deployable.create(process.env, systemClock);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${deployable.name}: ${error.message}\n`);
    return process.exit(78); // EX_CONFIG
  }
}
