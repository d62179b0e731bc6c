import { start } from '#shared/http/start.ts';
import { billing } from './index.ts';

start(billing);
