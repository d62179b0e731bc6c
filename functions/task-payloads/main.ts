import { start } from '#shared/http/start.ts';
import { taskPayloads } from './index.ts';

start(taskPayloads);
