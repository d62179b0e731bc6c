import { start } from '#shared/http/start.ts';
import { admin } from './index.ts';

start(admin);
