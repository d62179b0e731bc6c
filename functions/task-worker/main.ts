import { createLogger } from '#shared/logging/cloud-logging.ts';
import { runWorker } from './index.ts';

void runWorker(process.env, createLogger('task-worker')).then((status) => {
  process.exitCode = status;
});
