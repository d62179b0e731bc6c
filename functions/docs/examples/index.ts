import { adminExamples } from './admin.ts';
import { backEndExamples } from './back-end.ts';
import { billingExamples } from './billing.ts';
import type { Exchanges, Next } from './example.ts';
import { healthExamples } from './health.ts';
import { holderExamples } from './holders.ts';
import { internalExamples } from './internal.ts';
import { licenseKeyExamples } from './license-keys.ts';
import { signatureExamples } from './licenses.ts';
import { portalExamples } from './portal.ts';
import { queueExamples } from './queue.ts';
import { seatExamples } from './seats.ts';
import { tenantExamples } from './tenants.ts';
import { webhookExamples } from './webhooks.ts';

/** The examples of every operation, by its id. */
export const EXAMPLES: ReadonlyMap<string, Exchanges> = new Map(
  [
    seatExamples,
    queueExamples,
    signatureExamples,
    tenantExamples,
    adminExamples,
    licenseKeyExamples,
    holderExamples,
    portalExamples,
    healthExamples,
    backEndExamples,
    billingExamples,
    webhookExamples,
    internalExamples,
  ].flatMap((group) => Object.entries(group)),
);

/** What follows an operation's success, by the operation's id and the name of the link. */
export const NEXT: Readonly<Record<string, Readonly<Record<string, Next>>>> = {
  createLicense: {
    acquire: { operationId: 'acquireSeat', body: { license_key: 'license_key' } },
    usage: { operationId: 'getUsage', params: { license_id: 'license_id' } },
    change: { operationId: 'changeLicense', params: { license_id: 'license_id' } },
  },
  acquireSeat: {
    heartbeat: { operationId: 'heartbeat', body: { session_id: 'session_id' } },
    release: { operationId: 'releaseSeat', body: { session_id: 'session_id' } },
  },
  createTask: {
    state: { operationId: 'getTask', params: { task_id: 'task_id' } },
    run: { operationId: 'runTask', params: { task_id: 'task_id' } },
    shred: { operationId: 'deleteTask', params: { task_id: 'task_id' } },
  },
};
