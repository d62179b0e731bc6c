import type { Page } from 'playwright-core';
import { DEMO_TENANT, OTHER_TENANT } from '#local/people.ts';
import { requestCode } from '#shared/license-format/request-code.ts';
import type { Visiting } from './console-browser.ts';
import { join } from './people.ts';
import type { Suite } from './suite.ts';
import { createVisitor } from './visitor.ts';

/** Something that a person does in the console, as the tests of trouble do it. */
export interface ConsoleAct {
  readonly name: string;
  /** Below the app's folder `screens`: where the act is performed. */
  readonly file: string;
  readonly as: Visiting;
  /** Makes what the act is about. @returns the address of its screen */
  readonly prepare: (suite: Suite) => Promise<string>;
  /** Goes to where the last press is left to do, and types what there is to type. */
  readonly open?: (page: Page) => Promise<unknown>;
  readonly press: (page: Page) => Promise<unknown>;
  /** The request that gets into trouble: method and path. */
  readonly request: RegExp;
  /** The record that it leaves, once; undefined for what only reads. */
  readonly action?: string;
  /** It is there when the act has succeeded. */
  readonly done: (page: Page) => Promise<unknown>;
}

const LICENSES = '/api/v1/licenses';
let count = 0;

const ACCOUNT = { email: 'password@example.org', password: 'correct horse battery staple' };

async function license(suite: Suite, terms: object = {}): Promise<{ id: string; key: string; label: string }> {
  count += 1;
  const label = `Trouble ${count}`;
  const wanted = { tenant_id: DEMO_TENANT, tier: 'professional', max_seats: 2, expires_at: null, label, ...terms };
  const { body } = await suite.post(LICENSES, wanted, 'staff');
  return { id: body.license_id, key: body.license_key, label };
}

/** A licence with a holder on the machine `lab`. */
async function held(suite: Suite): Promise<string> {
  const { id, key } = await license(suite);
  await suite.post(`${LICENSES}/acquire`, { license_key: key, hardware_id: 'lab', hostname: 'lab' });
  return id;
}

async function webhook(suite: Suite, status = 'enabled'): Promise<string> {
  count += 1;
  const wanted = { url: `http://127.0.0.1:9/hook-${count}`, events: ['upload.completed'] };
  const { body } = await suite.post('/api/v1/webhooks', wanted, 'owner');
  const path = `/webhooks/${body.webhook_id}`;
  if (status === 'disabled') await suite.send('PATCH', `/api/v1${path}`, { status }, 'owner');
  return `/console${path}`;
}

/** A guest of the demonstration's tenant. */
async function joined(suite: Suite, email: string): Promise<void> {
  const person = { uid: email, email };
  await join(suite, DEMO_TENANT, 'guest', { ...person, token: await suite.stack.issuer.userToken(person) });
}

async function tenant(suite: Suite): Promise<string> {
  count += 1;
  const { body } = await suite.post('/api/v1/tenants', { name: `Trouble ${count}`, tier: 'trial' }, 'staff');
  return `/console/tenants/${body.tenant_id}`;
}

/** Keys of licences, the newest last. */
const keys: string[] = [];

const NAMED = { lease_per: 'user', named_users: true };

/** A licence with a user on its list. */
async function named(suite: Suite): Promise<string> {
  const { id } = await license(suite, NAMED);
  await suite.send('PUT', `${LICENSES}/${id}/users/ben%40example.org`, undefined, 'owner');
  return `/console/licenses/${id}/users`;
}

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name }).first().click();
const inDialog = (page: Page, name: string) =>
  page.getByRole('dialog').getByRole('button', { name, exact: true }).click();
const said = (text: string) => (page: Page) => page.getByRole('status').getByText(text).waitFor();
const shown = (page: Page) => page.getByLabel('I have saved it').waitFor();

const onWebhook = (name: string, action: string, method: string, done: ConsoleAct['done']): ConsoleAct => ({
  name: `webhook: ${name}`,
  file: 'webhooks/webhook-screen.tsx',
  as: 'owner',
  prepare: (suite) => webhook(suite, name === 'Enable' ? 'disabled' : 'enabled'),
  press: (page) => page.locator('.screen-head').getByRole('button', { name, exact: true }).click(),
  request: new RegExp(`^${method} /api/v1/webhooks/`),
  action,
  done,
});

/** The acts that change something, and the exports. A test holds them against the app's sources. */
export const ACTS: readonly ConsoleAct[] = [
  {
    name: 'create a licence',
    file: 'license-form/new-license-screen.tsx',
    as: 'staff',
    prepare: async () => '/console/licenses/new',
    async open(page) {
      await page.getByRole('textbox', { name: 'Customer' }).fill(DEMO_TENANT);
      await page.getByLabel('Label').fill('made in trouble');
    },
    press: (page) => button(page, 'Create the licence'),
    request: /^POST \/api\/v1\/licenses$/,
    action: 'license.create',
    done: shown,
  },
  ...(['preview', 'save'] as const).map(
    (part): ConsoleAct => ({
      name: `change a licence: ${part}`,
      file: 'license-form/edit-license.tsx',
      as: 'staff',
      prepare: async (suite) => `/console/licenses/${(await license(suite)).id}/edit`,
      open: (page) => page.getByLabel('Seats', { exact: true }).fill('7'),
      press: (page) => button(page, 'Save'),
      request: part === 'preview' ? /^PATCH .*dry_run=true/ : /^PATCH [^?]*$/,
      action: 'license.change',
      done: said('The changes are saved.'),
    }),
  ),
  {
    name: 'change a licence so that sessions end',
    file: 'license-form/edit-license.tsx',
    as: 'staff',
    async prepare(suite) {
      const { id, key } = await license(suite);
      for (const hardware_id of ['a', 'b']) await suite.post(`${LICENSES}/acquire`, { license_key: key, hardware_id });
      return `/console/licenses/${id}/edit`;
    },
    async open(page) {
      await page.getByLabel('Seats', { exact: true }).fill('1');
      await button(page, 'Save');
    },
    press: (page) => inDialog(page, 'End them and save'),
    request: /^PATCH [^?]*$/,
    action: 'license.change',
    done: said('The changes are saved.'),
  },
  {
    name: 'suspend a licence',
    file: 'license/license-actions.tsx',
    as: 'staff',
    prepare: async (suite) => `/console/licenses/${await held(suite)}`,
    open: (page) => button(page, 'Suspend'),
    press: (page) => inDialog(page, 'Suspend'),
    request: /^PATCH [^?]*$/,
    action: 'license.change',
    done: said('The licence is suspended.'),
  },
  {
    name: 'reinstate a licence',
    file: 'license/license-actions.tsx',
    as: 'staff',
    async prepare(suite) {
      const { id } = await license(suite);
      await suite.send('PATCH', `${LICENSES}/${id}`, { status: 'suspended' }, 'staff');
      return `/console/licenses/${id}`;
    },
    press: (page) => button(page, 'Reinstate'),
    request: /^PATCH /,
    action: 'license.change',
    done: said('The licence is active again.'),
  },
  {
    name: 'archive a licence',
    file: 'license/license-actions.tsx',
    as: 'staff',
    prepare: async (suite) => `/console/licenses/${await held(suite)}`,
    async open(page) {
      await button(page, 'Archive');
      const label = page.getByLabel(/^Type .* to confirm$/);
      const words = (await page.getByText(/^Type .* to confirm$/).textContent()) ?? '';
      await label.fill(words.slice('Type '.length, -' to confirm'.length));
    },
    press: (page) => inDialog(page, 'Archive'),
    request: /^DELETE \/api\/v1\/licenses\//,
    action: 'license.archive',
    done: said('The licence is archived.'),
  },
  {
    name: 'make a key',
    file: 'license/add-key.tsx',
    as: 'owner',
    prepare: async (suite) => `/console/licenses/${(await license(suite)).id}/keys`,
    async open(page) {
      await button(page, 'Add or replace');
      await page.getByRole('dialog').getByLabel('Label').fill('for the lab');
    },
    press: (page) => inDialog(page, 'Make the key'),
    request: /^POST .*\/keys$/,
    action: 'license.create_key',
    done: shown,
  },
  {
    name: 'end a key',
    file: 'license/end-key.tsx',
    as: 'owner',
    prepare: async (suite) => `/console/licenses/${(await license(suite)).id}/keys`,
    open: (page) => button(page, /^End/),
    press: (page) => inDialog(page, 'End'),
    request: /^DELETE .*\/keys\//,
    action: 'license.end_key',
    done: said('The key has ended.'),
  },
  {
    name: 'take a seat back',
    file: 'license/take-back.tsx',
    as: 'admin',
    prepare: async (suite) => `/console/licenses/${await held(suite)}/holders`,
    open: (page) => button(page, 'Take back: lab'),
    press: (page) => inDialog(page, 'Take back'),
    request: /^DELETE \/api\/v1\/sessions\//,
    action: 'session.release',
    done: said('is free.'),
  },
  {
    name: 'add users',
    file: 'license/users/add-users.tsx',
    as: 'owner',
    prepare: async (suite) => `/console/licenses/${(await license(suite, NAMED)).id}/users`,
    async open(page) {
      await button(page, 'Add users');
      await page.getByRole('dialog').getByRole('textbox').fill('ann@example.org');
    },
    press: (page) => inDialog(page, 'Add 1 user'),
    request: /^PUT .*\/users\//,
    action: 'license.add_user',
    done: said('1 user is on the list.'),
  },
  {
    name: 'remove a user',
    file: 'license/users/remove-user.tsx',
    as: 'owner',
    prepare: named,
    open: (page) => button(page, 'Remove: ben@example.org'),
    press: (page) => inDialog(page, 'Remove'),
    request: /^DELETE .*\/users\//,
    action: 'license.remove_user',
    done: said('ben@example.org is off the list.'),
  },
  {
    name: 'undo the removal of a user',
    file: 'license/users/named-users.tsx',
    as: 'owner',
    prepare: named,
    async open(page) {
      await button(page, 'Remove: ben@example.org');
      await inDialog(page, 'Remove');
    },
    press: (page) => page.getByRole('button', { name: /^(Undo|Try again)$/ }).click(),
    request: /^PUT .*\/users\//,
    action: 'license.add_user',
    done: said('is on the list again'),
  },
  {
    name: 'make a licence file',
    file: 'license/file/license-file.tsx',
    as: 'owner',
    prepare: async (suite) => `/console/licenses/${(await license(suite, { borrow: { max_seats: 1 } })).id}/holders`,
    async open(page) {
      await button(page, 'Licence file');
      await page.getByLabel('Request code of the machine').fill(requestCode('lab-bench-3'));
    },
    press: (page) => inDialog(page, 'Make the file'),
    request: /^POST .*\/borrows$/,
    action: 'session.borrow',
    done: (page) => Promise.all([page.waitForEvent('download'), said('The licence file is saved.')(page)]),
  },
  {
    name: 'look at the seats with a licence key',
    file: 'my-seats/by-key.tsx',
    as: 'member',
    prepare: async (suite) => {
      keys.push((await license(suite, { self_service: { holders: 'count' } })).key);
      return '/console/my-seats';
    },
    open: (page) => page.getByRole('textbox', { name: 'Licence key' }).fill(keys.at(-1) ?? ''),
    press: (page) => button(page, 'Show the seats'),
    request: /^POST .*\/holders$/,
    done: (page) => page.getByText('how many seats are in use').waitFor(),
  },
  {
    name: 'free a seat with a licence key',
    file: 'my-seats/by-key.tsx',
    as: 'member',
    prepare: async (suite) => {
      const { key } = await license(suite, { self_service: { holders: 'names', release: 'any' } });
      await suite.post(`${LICENSES}/acquire`, { license_key: key, hardware_id: 'lab', hostname: 'lab' });
      keys.push(key);
      return '/console/my-seats';
    },
    async open(page) {
      await page.getByRole('textbox', { name: 'Licence key' }).fill(keys.at(-1) ?? '');
      await button(page, 'Show the seats');
      await button(page, 'Free: lab');
    },
    press: (page) => inDialog(page, 'Free'),
    request: /^POST .*\/holders\/release$/,
    action: 'session.self_release',
    done: said('The seat of lab is free.'),
  },
  {
    name: 'export events',
    file: 'events/events-screen.tsx',
    as: 'owner',
    prepare: async () => '/console/events',
    press: (page) => button(page, 'Export CSV'),
    request: /^GET \/api\/v1\/events\?.*limit=100/,
    done: (page) => page.waitForEvent('download'),
  },
  {
    name: 'remove from the queue',
    file: 'license/queue.tsx',
    as: 'owner',
    async prepare(suite) {
      const { id, key } = await license(suite, { max_seats: 1, queue: { max_length: 5 } });
      await suite.post(`${LICENSES}/acquire`, { license_key: key, hardware_id: 'first' });
      await suite.post(`${LICENSES}/acquire`, { license_key: key, hardware_id: 'lab', hostname: 'lab', queue: {} });
      return `/console/licenses/${id}/queue`;
    },
    press: (page) => button(page, 'Remove: lab'),
    request: /^DELETE .*\/queue\//,
    action: 'queue.remove',
    done: said('The machine has lost its place.'),
  },
  {
    name: 'invite',
    file: 'members/invitations.tsx',
    as: 'owner',
    prepare: async () => '/console/members',
    open: (page) => page.getByLabel('E-mail address').fill('invited@example.org'),
    press: (page) => button(page, 'Invite'),
    request: /^POST .*\/invitations$/,
    action: 'member.invite',
    done: shown,
  },
  {
    name: 'withdraw an invitation',
    file: 'members/invitations.tsx',
    as: 'owner',
    async prepare(suite) {
      const wanted = { email: 'withdrawn@example.org', role: 'guest' };
      await suite.post(`/api/v1/tenants/${DEMO_TENANT}/members/invitations`, wanted, 'owner');
      return '/console/members';
    },
    press: (page) => button(page, 'Withdraw: withdrawn@example.org'),
    request: /^DELETE .*\/invitations\//,
    action: 'member.withdraw_invitation',
    done: said('The invitation is withdrawn.'),
  },
  {
    name: 'change a role',
    file: 'members/members.tsx',
    as: 'owner',
    async prepare(suite) {
      await joined(suite, 'rising@example.org');
      return '/console/members';
    },
    press: (page) => page.getByLabel('Role of rising@example.org').selectOption('Member'),
    request: /^PUT .*\/members\//,
    action: 'member.put',
    done: said('The role is changed.'),
  },
  {
    name: 'accept an invitation',
    file: 'sign-in/accept-invitation.tsx',
    as: 'guest',
    async prepare(suite) {
      const wanted = { email: 'guest@demo.example', role: 'guest' };
      const { body } = await suite.post(`/api/v1/tenants/${OTHER_TENANT}/members/invitations`, wanted, 'staff');
      return `/console/invitation#${body.token}`;
    },
    press: (page) => button(page, 'Accept'),
    request: /^POST \/api\/v1\/invitations\/accept$/,
    action: 'member.accept',
    done: (page) => page.getByRole('heading', { name: 'Overview' }).waitFor(),
  },
  {
    name: 'remove a member',
    file: 'members/remove-member.tsx',
    as: 'owner',
    async prepare(suite) {
      await joined(suite, 'leaving@example.org');
      return '/console/members';
    },
    open: (page) => button(page, 'Remove: leaving@example.org'),
    press: (page) => inDialog(page, 'Remove'),
    request: /^DELETE .*\/members\//,
    action: 'member.remove',
    done: said('leaving@example.org is removed.'),
  },
  {
    name: 'create a customer',
    file: 'tenants/tenant-form.tsx',
    as: 'staff',
    prepare: async () => '/console/tenants',
    async open(page) {
      await button(page, 'New customer');
      await page.getByRole('dialog').getByLabel('Name').fill('Made in trouble');
    },
    press: (page) => inDialog(page, 'Create the customer'),
    request: /^POST \/api\/v1\/tenants$/,
    action: 'tenant.create',
    done: said('The customer is created.'),
  },
  {
    name: 'change a customer',
    file: 'tenants/tenant-form.tsx',
    as: 'staff',
    prepare: tenant,
    async open(page) {
      await button(page, 'Edit');
      await page.getByRole('dialog').getByLabel('Seat limit').fill('40');
    },
    press: (page) => inDialog(page, 'Save'),
    request: /^PATCH \/api\/v1\/tenants\//,
    action: 'tenant.change',
    done: said('The changes are saved.'),
  },
  {
    name: 'delete a customer',
    file: 'tenants/tenant-screen.tsx',
    as: 'staff',
    prepare: tenant,
    open: (page) => button(page, 'Delete'),
    press: (page) => inDialog(page, 'Delete'),
    request: /^DELETE \/api\/v1\/tenants\//,
    action: 'tenant.delete',
    done: said('The customer is deleted.'),
  },
  {
    name: 'create a webhook',
    file: 'webhooks/create-webhook.tsx',
    as: 'owner',
    prepare: async () => '/console/webhooks',
    async open(page) {
      await button(page, 'New endpoint');
      await page.getByRole('dialog').getByLabel('URL').fill('http://127.0.0.1:9/made');
    },
    press: (page) => inDialog(page, 'Create the endpoint'),
    request: /^POST \/api\/v1\/webhooks$/,
    action: 'webhook.create',
    done: shown,
  },
  onWebhook('Send a test', 'webhook.test', 'POST', said('A test event is on its way.')),
  onWebhook('Send what was missed', 'webhook.recover', 'POST', said('What was missed')),
  onWebhook('New secret', 'webhook.rotate_secret', 'POST', shown),
  onWebhook('Disable', 'webhook.change', 'PATCH', said('The changes are saved.')),
  onWebhook('Enable', 'webhook.change', 'PATCH', said('The changes are saved.')),
  {
    ...onWebhook('Delete', 'webhook.delete', 'DELETE', said('The endpoint is deleted.')),
    open: (page) => button(page, 'Delete'),
    press: (page) => inDialog(page, 'Delete'),
  },
  {
    name: 'resend an event',
    file: 'webhooks/deliveries.tsx',
    as: 'owner',
    async prepare(suite) {
      const path = await webhook(suite);
      await suite.post(`/api/v1${path.slice('/console'.length)}/test`, undefined, 'owner');
      return path;
    },
    press: (page) => button(page, /^Resend/),
    request: /^POST .*\/redeliver$/,
    action: 'event.redeliver',
    done: said('The event is sent once more.'),
  },
  {
    name: 'find a licence by its key',
    file: 'licenses/find-by-key.tsx',
    as: 'staff',
    prepare: async () => '/console/licenses',
    async open(page) {
      await button(page, 'Find by key');
      await page.getByRole('dialog').getByRole('textbox').fill('CS-0000');
    },
    press: (page) => inDialog(page, 'Find'),
    request: /^POST .*\/lookup$/,
    done: (page) => page.getByText('No licence has this key.').waitFor(),
  },
  {
    name: 'export licences',
    file: 'licenses/export-licenses.tsx',
    as: 'owner',
    prepare: async () => '/console/licenses',
    press: (page) => button(page, 'Export CSV'),
    request: /^GET \/api\/v1\/licenses\?.*limit=100/,
    done: (page) => page.waitForEvent('download'),
  },
  {
    name: 'export usage',
    file: 'usage/usage.tsx',
    as: 'owner',
    prepare: async (suite) => `/console/licenses/${await held(suite)}/usage`,
    open: (page) => page.getByRole('rowheader').first().waitFor(),
    press: (page) => button(page, 'Export CSV'),
    request: /^GET .*\/usage/,
    done: (page) => page.waitForEvent('download'),
  },
  {
    name: 'export the audit',
    file: 'audit/audit-list.tsx',
    as: 'owner',
    prepare: async () => '/console/audit',
    press: (page) => button(page, 'Export CSV'),
    request: /^GET \/api\/v1\/audit\?.*limit=100/,
    done: (page) => page.waitForEvent('download'),
  },
  {
    name: 'set a new password',
    file: 'sign-in/reset-form.tsx',
    as: 'nobody',
    prepare: async () => '/console',
    async open(page) {
      await button(page, 'Forgotten the password?');
      await page.getByLabel('E-mail address').fill('forgetful@example.org');
    },
    press: (page) => button(page, 'Send the link'),
    request: /^POST \/console\/password-reset$/,
    done: (page) => page.getByText('a message with a link is on its way').waitFor(),
  },
  {
    name: 'sign in with a password',
    file: 'sign-in/password-form.tsx',
    as: 'nobody',
    async prepare(suite) {
      await createVisitor(suite).post('sign-up', ACCOUNT);
      return '/console';
    },
    async open(page) {
      await page.getByLabel('E-mail address').fill(ACCOUNT.email);
      await page.getByLabel('Password').fill(ACCOUNT.password);
    },
    press: (page) => page.getByRole('button', { name: 'Sign in', exact: true }).click(),
    request: /^POST \/console\/sign-in\/password$/,
    done: (page) =>
      page
        .getByText('Your address is not verified yet')
        .or(page.getByText('You belong to no customer yet'))
        .first()
        .waitFor(),
  },
  {
    name: 'sign out',
    file: '../shell/account.tsx',
    as: 'guest',
    prepare: async () => '/console',
    open: (page) => page.locator('details.account summary').click(),
    press: (page) => button(page, 'Sign out'),
    request: /^POST \/console\/sign-out$/,
    done: (page) => page.getByRole('heading', { name: 'Sign in' }).waitFor(),
  },
];
