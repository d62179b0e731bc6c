import { start } from '#shared/http/start.ts';
import { webhookDelivery } from './index.ts';

start(webhookDelivery);
