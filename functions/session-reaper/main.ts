import { start } from '#shared/http/start.ts';
import { sessionReaper } from './index.ts';

start(sessionReaper);
