import { createLogger } from '#shared/http/log.ts';
import { runWorker } from './index.ts';

void runWorker(process.env, createLogger('task-worker')).then((status) => {
  process.exitCode = status;
});
