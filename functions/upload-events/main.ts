import { start } from '#shared/http/start.ts';
import { uploadEvents } from './index.ts';

start(uploadEvents);
