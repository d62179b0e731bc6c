import { vi } from 'vitest';
import { emailOf } from '#local/accounts.ts';
import { DEMO_TENANT, userOf } from '#local/people.ts';
import { handleOf } from '#shared/model/session-id.ts';
import { createTenant, join, membersOf } from './people.ts';
import { openPortal } from './portal.ts';
import type { Suite } from './suite.ts';

/** What a request to a route names: the rest of it, the caller, is the test's. */
export interface Wish {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: string;
  readonly body?: unknown;
}

/** Things of the demo tenant to act on, made when they are asked for. */
export interface World {
  licenseId(): Promise<string>;
  freshLicenseId(): Promise<string>;
  licenseKey(): Promise<string>;
  sessionId(): Promise<string>;
  /** The handle of that session. */
  session(): Promise<string>;
  freshKey(): Promise<string>;
  /** The address of somebody on the licence's list. */
  namedUser(): Promise<string>;
  /** A ticket of a machine that waits for a seat, and its licence. */
  ticket(): Promise<{ readonly id: string; readonly licenseId: string }>;
  taskId(): Promise<string>;
  /** Resolves when the worker is done with it. */
  taskGone(): Promise<void>;
  /** Somebody who has been a member from this moment on. */
  freshMember(): Promise<string>;
  /** A tenant without members and licences. */
  freshTenant(): Promise<string>;
  freshInvitation(): Promise<string>;
  webhookId(): Promise<string>;
  freshWebhook(): Promise<string>;
  eventId(): Promise<string>;
  keyVersion(): Promise<string>;
  /** The portal's token for that licence, and for another one of the same tenant. */
  portalToken(): Promise<string>;
  otherPortalToken(): Promise<string>;
}

/** What a route does for whoever its `access` admits. */
export interface Rule {
  /** A request for something of the demo tenant. Asked for anew for every caller that is admitted. */
  readonly wish: (world: World) => Promise<Wish> | Wish;
  /** The status of everybody who is admitted and may see the object. */
  readonly admitted: number;
  /** Callers whom the handler, and not the route's `access`, treats otherwise. */
  readonly except?: Readonly<Record<string, number>>;
  /**
   * What an owner of another tenant gets, where the route admits owners: 404 for what is not theirs, just as for the
   * `absent`, which is the same request for something that nobody has; or a status, for routes that name no object and
   * answer with the caller's own things alone.
   */
  readonly foreign?: { readonly absent: Wish } | { readonly status: number };
  /** Waits for what the route has set going, so that nobody else is blamed for it. */
  readonly settled?: (world: World) => Promise<void>;
}

const NO_LICENSE = { params: { license_id: 'lic_000000000000' } };
const NO_TENANT = 'nobody';

const FUTURE = '2090-01-01T00:00:00Z';
const ofLicense = async (world: World) => ({ params: { license_id: await world.licenseId() } });
const ofTask = async (world: World) => ({ params: { task_id: await world.taskId() } });
const ofSession = async (world: World) => ({ body: { session_id: await world.sessionId() } });
const nothing = (): Wish => ({});
const demo = { tenant_id: DEMO_TENANT };
const NAMED = 'named@example.org';
const INVITED = { email: 'new@example.org', role: 'guest' };
const GUEST = userOf(DEMO_TENANT, 'guest').uid;

/** One object's route: the same body for the foreign and for the absent. */
const license = (admitted: number, body?: object): Rule => {
  const rest = body === undefined ? {} : { body };
  return {
    wish: async (world) => ({ ...(await ofLicense(world)), ...rest }),
    admitted,
    foreign: { absent: { ...NO_LICENSE, ...rest } },
  };
};

const HOOK = { url: 'http://127.0.0.1:9/hook', events: ['member.changed'] };
const NO_WEBHOOK = { params: { webhook_id: 'wh_000000000000000000000000' } };

/** One endpoint's route: the same body for the foreign and for the absent. */
const webhook = (admitted: number, body?: object): Rule => {
  const rest = body === undefined ? {} : { body };
  return {
    wish: async (world) => ({ params: { webhook_id: await world.webhookId() }, ...rest }),
    admitted,
    foreign: { absent: { ...NO_WEBHOOK, ...rest } },
  };
};

const newLicense = (tenant_id: string) => ({ tenant_id, tier: 'trial', max_seats: 1, expires_at: FUTURE });
const download = (tenant_id: string) => ({ filename: 'a.txt', method: 'GET', tenant_id });
const upload = (tenant_id: string) => ({ filename: 'a.txt', content_type: 'text/plain', tenant_id });
const listOf = (tenant_id: string): Wish => ({ query: `tenant_id=${tenant_id}` });

/** The console's session, whose routes know cookies and no token. */
const PAGE_ACTS = [
  'getConsoleToken',
  'signInWithPassword',
  'signUp',
  'finishSecondFactor',
  'startSecondFactor',
  'enrollSecondFactor',
  'resetPassword',
  'verifyEmail',
  'signOut',
];
const SENT: Readonly<Record<string, object>> = {
  signInWithPassword: { email: 'a@example.org', password: 'x' },
  signUp: { email: 'a@example.org', password: 'x' },
  finishSecondFactor: { code: '000000' },
  enrollSecondFactor: { enrollment: 'x', code: '000000' },
  resetPassword: { email: 'a@example.org' },
};

const MACHINE_TO_BORROW = { hardware_id: 'without a network', borrow_seconds: 3_600 };

/** Every operation by its id, each with the requests that show what it is for. */
export const RULES: Readonly<Record<string, readonly Rule[]>> = {
  signLicense: [{ wish: () => ({ body: { payload: { a: 1 } } }), admitted: 200 }],

  acquireSeat: [
    {
      wish: async (world) => {
        await world.sessionId(); // the machine of this body holds a session already
        return { body: { license_key: await world.licenseKey(), hardware_id: 'machine' } };
      },
      admitted: 200,
    },
    { wish: () => ({ body: {} }), admitted: 400 },
  ],
  borrowSeat: [{ wish: () => ({ body: {} }), admitted: 400 }],
  borrowForMachine: [
    {
      // The vendor has not sold the licence with borrowing.
      wish: async (world) => ({ params: { license_id: await world.licenseId() }, body: MACHINE_TO_BORROW }),
      admitted: 403,
      foreign: { absent: { params: { license_id: 'lic_000000000000' }, body: MACHINE_TO_BORROW } },
    },
  ],
  heartbeat: [{ wish: ofSession, admitted: 200 }],
  releaseSeat: [{ wish: ofSession, admitted: 200 }],

  // The licence leaves both to its administrators.
  listHolders: [{ wish: async (world) => ({ body: { license_key: await world.licenseKey() } }), admitted: 403 }],
  releaseHolder: [
    {
      wish: async (world) => ({ body: { license_key: await world.licenseKey(), session: await world.session() } }),
      admitted: 403,
    },
  ],
  leaveQueue: [
    { wish: async (world) => ({ body: { ticket_id: (await world.ticket()).id } }), admitted: 200 },
    { wish: () => ({ body: { ticket_id: 'none' } }), admitted: 404 },
  ],

  rotateKeys: [{ wish: nothing, admitted: 200 }],
  reapSessions: [{ wish: nothing, admitted: 200 }],

  getJwks: [{ wish: nothing, admitted: 200 }],
  listPublicKeys: [{ wish: nothing, admitted: 200 }],
  getSignedKeyList: [{ wish: nothing, admitted: 200 }],
  getRootKeys: [{ wish: nothing, admitted: 200 }],
  getPublicKeyPem: [
    { wish: async (world) => ({ params: { key_version: await world.keyVersion() } }), admitted: 200 },
    { wish: () => ({ params: { key_version: 'none' } }), admitted: 404 },
  ],
  verifyLicense: [{ wish: () => ({ body: { license_token: 'x' } }), admitted: 200 }],

  signUrl: [
    {
      wish: () => ({ body: download(DEMO_TENANT) }),
      admitted: 200,
      foreign: { absent: { body: download(NO_TENANT) } },
    },
    {
      wish: () => ({ body: upload(DEMO_TENANT) }),
      admitted: 200,
      except: { guest: 403 },
      foreign: { absent: { body: upload(NO_TENANT) } },
    },
  ],
  // A batch is answered one by one, so it succeeds as a whole.
  signUrls: [
    { wish: () => ({ body: { requests: [download(DEMO_TENANT)] } }), admitted: 200, foreign: { status: 200 } },
  ],

  createTask: [{ wish: () => ({ body: { payload: {} } }), admitted: 201 }],
  getTask: [{ wish: ofTask, admitted: 200 }],
  deleteTask: [{ wish: ofTask, admitted: 204 }],
  runTask: [{ wish: ofTask, admitted: 202, settled: (world) => world.taskGone() }],

  createTenant: [{ wish: () => ({ body: { name: 'Another', tier: 'trial' } }), admitted: 201 }],
  listTenants: [{ wish: nothing, admitted: 200, foreign: { status: 200 } }],
  getTenant: [
    { wish: () => ({ params: demo }), admitted: 200, foreign: { absent: { params: { tenant_id: NO_TENANT } } } },
  ],
  changeTenant: [{ wish: () => ({ params: demo, body: { tier: 'enterprise' } }), admitted: 200 }],
  deleteTenant: [{ wish: async (world) => ({ params: { tenant_id: await world.freshTenant() } }), admitted: 204 }],
  listMembers: [
    { wish: () => ({ params: demo }), admitted: 200, foreign: { absent: { params: { tenant_id: NO_TENANT } } } },
  ],
  putMember: [
    {
      wish: () => ({ params: { ...demo, uid: GUEST }, body: { role: 'guest' } }),
      admitted: 200,
      foreign: { absent: { params: { tenant_id: NO_TENANT, uid: GUEST }, body: { role: 'guest' } } },
    },
  ],
  removeMember: [
    {
      wish: async (world) => ({ params: { ...demo, uid: await world.freshMember() } }),
      admitted: 204,
      foreign: { absent: { params: { tenant_id: NO_TENANT, uid: GUEST } } },
    },
  ],

  invite: [
    {
      wish: () => ({ params: demo, body: INVITED }),
      admitted: 201,
      foreign: { absent: { params: { tenant_id: NO_TENANT }, body: INVITED } },
    },
  ],
  listInvitations: [
    { wish: () => ({ params: demo }), admitted: 200, foreign: { absent: { params: { tenant_id: NO_TENANT } } } },
  ],
  withdrawInvitation: [
    {
      wish: async (world) => ({ params: { ...demo, invitation_id: await world.freshInvitation() } }),
      admitted: 204,
      foreign: { absent: { params: { tenant_id: NO_TENANT, invitation_id: 'inv_0' } } },
    },
  ],
  acceptInvitation: [
    {
      wish: () => ({ body: { token: 'none' } }),
      admitted: 404,
      except: { 'staff without a second factor': 403, 'staff with an unverified address': 403 },
      foreign: { status: 404 },
    },
  ],

  getMe: [
    {
      wish: nothing,
      admitted: 200,
      except: { 'staff without a second factor': 403, 'staff with an unverified address': 403 },
      foreign: { status: 200 },
    },
  ],

  createLicense: [
    {
      wish: () => ({ body: newLicense(DEMO_TENANT) }),
      admitted: 201,
    },
  ],
  createLicenses: [{ wish: () => ({ body: { licenses: [newLicense(DEMO_TENANT)] } }), admitted: 200 }],
  listLicenses: [
    { wish: nothing, admitted: 200, foreign: { status: 200 } },
    { wish: () => listOf(DEMO_TENANT), admitted: 200, foreign: { absent: listOf(NO_TENANT) } },
  ],
  lookupLicense: [{ wish: async (world) => ({ body: { license_key: await world.licenseKey() } }), admitted: 200 }],
  getLicense: [license(200)],
  changeLicense: [
    {
      wish: async (world) => ({ ...(await ofLicense(world)), body: { features: ['a'] } }),
      admitted: 200,
      except: { owner: 403, admin: 403, "another tenant's owner": 403 },
      foreign: { status: 403 },
    },
  ],
  archiveLicense: [
    {
      wish: async (world) => ({ params: { license_id: await world.freshLicenseId() } }),
      admitted: 204,
    },
  ],
  listLicenseKeys: [license(200)],
  createLicenseKey: [license(201, { keep: true })],
  endLicenseKey: [
    {
      wish: async (world) => ({ params: { license_id: await world.licenseId(), key: await world.freshKey() } }),
      admitted: 204,
      foreign: { absent: { params: { license_id: 'lic_000000000000', key: 'key_0000000000000000' } } },
    },
  ],
  listNamedUsers: [license(200)],
  getNamedUser: [
    {
      wish: async (world) => ({ params: { license_id: await world.licenseId(), email: await world.namedUser() } }),
      admitted: 200,
      foreign: { absent: { params: { license_id: 'lic_000000000000', email: NAMED } } },
    },
  ],
  putNamedUser: [
    {
      wish: async (world) => ({ params: { license_id: await world.licenseId(), email: NAMED } }),
      admitted: 200,
      foreign: { absent: { params: { license_id: 'lic_000000000000', email: NAMED } } },
    },
  ],
  removeNamedUser: [
    {
      wish: async (world) => ({ params: { license_id: await world.licenseId(), email: 'nobody@example.org' } }),
      admitted: 204,
      foreign: { absent: { params: { license_id: 'lic_000000000000', email: 'nobody@example.org' } } },
    },
  ],
  listSessions: [license(200)],
  endSession: [
    {
      wish: async (world) => ({ params: { session: await world.session() } }),
      admitted: 204,
      foreign: { absent: { params: { session: 'a'.repeat(64) } } },
    },
  ],
  listQueue: [license(200)],
  removeTicket: [
    {
      wish: async (world) => {
        const { id, licenseId } = await world.ticket();
        return { params: { license_id: licenseId, ticket: handleOf(id) } };
      },
      admitted: 204,
      foreign: { absent: { params: { license_id: 'lic_000000000000', ticket: 'a'.repeat(64) } } },
    },
  ],
  getUsage: [license(200)],
  listDenials: [license(200)],
  listAudit: [
    { wish: nothing, admitted: 200, foreign: { status: 200 } },
    { wish: () => listOf(DEMO_TENANT), admitted: 200, foreign: { absent: listOf(NO_TENANT) } },
  ],

  getHealth: [{ wish: nothing, admitted: 200 }],
  createPortalSession: [
    { wish: async (world) => ({ body: { license_id: await world.licenseId(), role: 'holder' } }), admitted: 201 },
  ],
  exchangePortalSession: [{ wish: () => ({ body: { token: 'none' } }), admitted: 401 }],
  uploadCompleted: [{ wish: () => ({ body: { message: {} } }), admitted: 200 }],

  // Whoever signs is Stripe; a token says nothing here.
  stripeWebhook: [{ wish: () => ({ body: {} }), admitted: 400 }],
  listEvents: [
    { wish: nothing, admitted: 200, foreign: { status: 200 } },
    { wish: () => listOf(DEMO_TENANT), admitted: 200, foreign: { absent: listOf(NO_TENANT) } },
  ],
  getDigest: [
    { wish: nothing, admitted: 200, foreign: { status: 200 } },
    { wish: () => listOf(DEMO_TENANT), admitted: 200, foreign: { absent: listOf(NO_TENANT) } },
  ],
  createWebhook: [
    {
      wish: async (world) => {
        await world.freshWebhook(); // takes the earlier ones away, of which there may be ten
        return { body: { ...HOOK, tenant_id: DEMO_TENANT } };
      },
      admitted: 201,
      foreign: { absent: { body: { ...HOOK, tenant_id: NO_TENANT } } },
    },
  ],
  listWebhooks: [
    { wish: nothing, admitted: 200, foreign: { status: 200 } },
    { wish: () => listOf(DEMO_TENANT), admitted: 200, foreign: { absent: listOf(NO_TENANT) } },
  ],
  getWebhook: [webhook(200)],
  changeWebhook: [webhook(200, { description: 'mine' })],
  deleteWebhook: [
    {
      wish: async (world) => ({ params: { webhook_id: await world.freshWebhook() } }),
      admitted: 204,
      foreign: { absent: NO_WEBHOOK },
    },
  ],
  rotateWebhookSecret: [webhook(200, {})],
  testWebhook: [webhook(202)],
  listDeliveries: [webhook(200)],
  recoverWebhook: [webhook(202, { since: '2026-01-01T00:00:00Z' })],
  redeliverEvent: [
    {
      wish: async (world) => ({
        params: { event_id: await world.eventId() },
        body: { webhook_id: await world.webhookId() },
      }),
      admitted: 202,
      foreign: { absent: { params: { event_id: 'none' }, body: { webhook_id: 'wh_none' } } },
    },
  ],
  dispatchWebhooks: [{ wish: () => ({ body: {} }), admitted: 200 }],
  deliverWebhook: [{ wish: () => ({ body: { event_id: 'none', webhook_id: 'none' } }), admitted: 200 }],

  exportPerson: [{ wish: () => ({ body: { email: 'nobody@example.org' } }), admitted: 200 }],
  erasePerson: [{ wish: () => ({ body: { email: 'nobody@example.org' } }), admitted: 200 }],

  getOpenApi: [{ wish: nothing, admitted: 200 }],
  getDocs: [{ wish: nothing, admitted: 200 }],
  getFrontPage: [{ wish: nothing, admitted: 200 }],
  getConsole: [{ wish: nothing, admitted: 200 }],
  getConsoleScreen: [{ wish: () => ({ params: { screen: 'licenses' } }), admitted: 200 }],
  getConsoleItem: [{ wish: () => ({ params: { screen: 'licenses', item: 'lic_000000000000' } }), admitted: 200 }],
  getConsolePart: [{ wish: () => ({ params: { screen: 'licenses', item: 'x', part: 'holders' } }), admitted: 200 }],
  getPortal: [{ wish: nothing, admitted: 200 }],
  getConsoleAsset: [{ wish: () => ({ params: { file: 'none.js' } }), admitted: 404 }],
  signInWithProvider: [{ wish: () => ({ params: { provider: 'google' } }), admitted: 200 }],
  signInCallback: [{ wish: nothing, admitted: 200 }],
  // What acts for the console's own page is refused without its Origin, whatever token there is.
  ...Object.fromEntries(
    PAGE_ACTS.map((id): [string, readonly Rule[]] => [id, [{ wish: () => ({ body: SENT[id] ?? {} }), admitted: 403 }]]),
  ),

  getDocsAsset: [{ wish: () => ({ params: { file: 'docs.css' } }), admitted: 200 }],
};

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** What several worlds share for as long as a portal's token is good: a licence that nothing ends, and such tokens. */
export interface Hour extends Pick<World, 'portalToken' | 'otherPortalToken'> {
  license(): ReturnType<Suite['license']>;
}

export function createHour(suite: Suite): Hour {
  const license = once(() => suite.license(2));
  return {
    license,
    portalToken: once(async () => openPortal(suite, (await license()).license_id)),
    otherPortalToken: once(async () => openPortal(suite, (await suite.license(1)).license_id)),
  };
}

/** The demo tenant's things, each made once unless it is to be fresh. */
export function createWorld(suite: Suite, { license: made, portalToken, otherPortalToken }: Hour): World {
  const { post, send, stack, license: createLicense } = suite;
  /** The service that the matrix calls with: a task is seen by nobody else. */
  const taskOwner = once(() => stack.issuer.serviceToken({ email: emailOf(stack.project, 'backend-tasks') }));
  const taskId = once(async () => (await post('/api/v1/tasks', { payload: {} }, await taskOwner())).body.task_id);
  const sessionId = once(async () => {
    const { license_key } = await made();
    const { body } = await post('/api/v1/licenses/acquire', { license_key, hardware_id: 'machine' });
    return body.session_id;
  });
  const full = once(async () => {
    const license = await createLicense(1);
    await send('PATCH', `/api/v1/licenses/${license.license_id}`, { queue: { max_length: 1000 } }, 'staff');
    await post('/api/v1/licenses/acquire', { license_key: license.license_key, hardware_id: 'holder' });
    return license;
  });
  let waiters = 0;
  /** There may be ten, so those of earlier tests are taken away. */
  async function freshWebhook(): Promise<string> {
    const { body } = await send('GET', '/api/v1/webhooks', undefined, 'staff');
    for (const { webhook_id } of body) await send('DELETE', `/api/v1/webhooks/${webhook_id}`, undefined, 'staff');
    return (await post('/api/v1/webhooks', HOOK, 'owner')).body.webhook_id;
  }
  return {
    licenseId: async () => (await made()).license_id,
    freshLicenseId: async () => (await createLicense(1)).license_id,
    licenseKey: async () => (await made()).license_key,
    sessionId,
    session: async () => handleOf(await sessionId()),
    async namedUser() {
      await send('PUT', `/api/v1/licenses/${(await made()).license_id}/users/${NAMED}`, undefined, 'staff');
      return NAMED;
    },
    async freshKey() {
      const path = `/api/v1/licenses/${(await made()).license_id}/keys`;
      return (await post(path, { keep: true }, 'staff')).body.key;
    },
    async ticket() {
      const { license_id: licenseId, license_key } = await full();
      waiters += 1;
      const wait = { license_key, hardware_id: `waiter-${waiters}`, queue: {} };
      return { id: (await post('/api/v1/licenses/acquire', wait)).body.ticket_id, licenseId };
    },
    taskId,
    async taskGone() {
      const path = `/api/v1/tasks/${await taskId()}`;
      const ended = async () => (await send('GET', path, undefined, await taskOwner())).body.state === 'succeeded';
      await vi.waitUntil(ended, { timeout: 50_000, interval: 200 });
    },
    freshMember: async () => (await join(suite, DEMO_TENANT, 'guest')).uid,
    freshTenant: () => createTenant(suite),
    async freshInvitation() {
      const { body } = await post(`${membersOf(DEMO_TENANT)}/invitations`, INVITED, 'staff');
      return body.invitation_id;
    },
    portalToken,
    otherPortalToken,
    webhookId: once(freshWebhook),
    freshWebhook,
    eventId: once(async () => {
      const { license_id } = await made();
      return (await send('GET', `/api/v1/events?license_id=${license_id}`, undefined, 'owner')).body[0].id;
    }),
    keyVersion: once(async () => (await send('GET', '/api/v1/public-keys')).body.keys[0].key_version),
  };
}
