import { start } from '#shared/http/start.ts';
import { docs } from './index.ts';

start(docs);
