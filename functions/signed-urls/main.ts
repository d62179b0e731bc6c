import { start } from '#shared/http/start.ts';
import { signedUrls } from './index.ts';

start(signedUrls);
