import { start } from '#shared/http/start.ts';
import { keyRotation } from './index.ts';

start(keyRotation);
