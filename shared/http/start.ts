import { systemClock } from '../model/clock.ts';
import { ConfigError } from '../model/config.ts';
import type { Deployable } from './function.ts';

/** Cloud Run kills a container ten seconds after SIGTERM; this leaves it two. */
const GRACE_MILLISECONDS = 8_000;

/** Runs one function as a process, as on Cloud Run: it listens on `PORT` and completes open requests on SIGTERM. */
export function start(deployable: Deployable): void {
  const { server, close } = createOrExit(deployable);
  server.listen(Number(process.env['PORT'] ?? 8080));
  const stop = () => {
    setTimeout(() => process.exit(1), GRACE_MILLISECONDS).unref();
    server.close(() => void close().then(() => process.exit(0)));
    server.closeIdleConnections();
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
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
