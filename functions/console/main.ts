import { start } from '#shared/http/start.ts';
import { consoleFunction } from './index.ts';

start(consoleFunction);
