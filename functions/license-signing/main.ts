import { start } from '#shared/http/start.ts';
import { licenseSigning } from './index.ts';

start(licenseSigning);
