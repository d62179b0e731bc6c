import { systemClock } from '../model/clock.ts';
import { ConfigError } from '../model/config.ts';
import type { Deployable } from './function.ts';

/** Cloud Run gives a container this long between SIGTERM and its end; we leave some of it to the platform. */
const GRACE_MILLISECONDS = 8_000;

/** Runs one function as its own process, as Cloud Run does: listens on `PORT`, finishes what is under way on SIGTERM. */
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
