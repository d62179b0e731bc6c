import { start } from '#shared/http/start.ts';
import { publicKeys } from './index.ts';

start(publicKeys);
