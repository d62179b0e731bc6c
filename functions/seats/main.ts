import { start } from '#shared/http/start.ts';
import { seats } from './index.ts';

start(seats);
