import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_TENANT } from '#local/people.ts';
import { type As, CHROMIUM, createVisits, inaccessible, launch } from './console-browser.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let browser: Browser;
const { visit } = createVisits(() => browser, suite);

const LICENSES = '/api/v1/licenses';
const HOSTILE = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}javascript:alert(3)`;

let id: string;

/** A licence in which every text that people set is hostile and as long as it may be. */
async function createHostile(): Promise<string> {
  const { body } = await suite.post(
    LICENSES,
    {
      tenant_id: DEMO_TENANT,
      tier: 'professional',
      max_seats: 4,
      expires_at: '2030-01-31T00:00:00Z',
      label: HOSTILE.padEnd(200, 'long'),
      reference: HOSTILE,
      features: [HOSTILE],
      metadata: { [HOSTILE]: HOSTILE },
      queue: { max_length: 5 },
      borrow: { max_seats: 2 },
    },
    'staff',
  );
  const machine = { license_key: body.license_key, user_email: HOSTILE, hostname: HOSTILE, platform: HOSTILE };
  for (const hardware_id of ['a', 'b', 'c', 'd']) await suite.post(`${LICENSES}/acquire`, { ...machine, hardware_id });
  await suite.post(`${LICENSES}/acquire`, { ...machine, hardware_id: 'e', queue: {} });
  await suite.post(`${LICENSES}/${body.license_id}/keys`, { label: HOSTILE, keep: true }, 'owner');
  const user = encodeURIComponent(`${'long'.repeat(15)}@${'long'.repeat(12)}.example`);
  await suite.send('PUT', `${LICENSES}/${body.license_id}/users/${user}`, undefined, 'owner');
  await suite.post('/api/v1/tenants', { name: HOSTILE, tier: 'trial', reference: HOSTILE }, 'staff');
  return body.license_id;
}

/** Every screen that has something to show, by who sees most of it. */
const screens = (): [As, string][] => [
  ['owner', '/console'],
  ['owner', '/console/licenses'],
  ['staff', '/console/licenses/new'],
  ['staff', `/console/licenses/${id}`],
  ['owner', `/console/licenses/${id}/holders`],
  ['owner', `/console/licenses/${id}/usage?range=24h`],
  ['owner', `/console/licenses/${id}/queue`],
  ['owner', `/console/licenses/${id}/users`],
  ['owner', `/console/licenses/${id}/keys`],
  ['owner', `/console/licenses/${id}/audit`],
  ['staff', `/console/licenses/${id}/edit`],
  ['staff', '/console/tenants'],
  ['staff', `/console/tenants/${DEMO_TENANT}`],
  ['owner', '/console/members'],
  ['owner', '/console/webhooks'],
  ['owner', '/console/events'],
  ['member', '/console/my-seats'],
  ['owner', '/console/signing-keys'],
  ['staff', '/console/health'],
];

/** The screen has what it asks for. */
const settled = (page: Page) =>
  expect.poll(() => page.getByText('Loading…').count(), { timeout: 20_000, interval: 50 }).toBe(0);

const isNarrow = (page: Page) =>
  page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

describe.skipIf(!existsSync(CHROMIUM))('every screen', () => {
  beforeAll(async () => {
    browser = await launch();
    id = await createHostile();
  });
  afterAll(() => browser.close());

  test('is accessible in both schemes, fits into 320 pixels, and runs no text', async () => {
    const found: Record<string, readonly string[]> = {};
    for (const as of new Set(screens().map(([one]) => one))) {
      const { page, faults, close } = await visit(as, '/console');
      for (const [, path] of screens().filter(([one]) => one === as)) {
        await page.setViewportSize({ width: 1280, height: 800 });
        await page.emulateMedia({ colorScheme: 'light' });
        await page.goto(`${suite.stack.gateway}${path}`);
        await page.locator('main h1').waitFor();
        await settled(page);
        const wide = await inaccessible(page);
        await page.setViewportSize({ width: 320, height: 800 });
        await page.emulateMedia({ colorScheme: 'dark' });
        const narrow = [...(await inaccessible(page)), ...((await isNarrow(page)) ? [] : ['wider than 320 pixels'])];
        if (wide.length + narrow.length > 0) found[path] = [...wide, ...narrow];
      }
      if (faults.length > 0) found[as] = faults;
      await close();
    }
    expect(found).toEqual({});
  }, 240_000);

  test('shows each role what it may see, and offers what it may do', async () => {
    const offered: Record<string, unknown> = {};
    for (const as of ['staff', 'owner', 'admin', 'member', 'guest'] as const) {
      const { page, close } = await visit(as, `/console/licenses/${id}`);
      await settled(page);
      const names = async (list: string) =>
        (await page.getByRole('navigation', { name: list }).getByRole('link').allTextContents()).join(' ');
      const acts = await page
        .locator('.screen-head .actions')
        .getByRole('button')
        .or(page.locator('.screen-head .actions a'))
        .allTextContents();
      offered[as] = [await names('Sections'), await names('Licence'), acts.join(' ')];
      await close();
    }
    expect(offered).toEqual({
      staff: [
        'Overview Customers Licences Members Audit Webhooks Signing keys Health',
        'Licence Holders Usage Queue Keys Audit',
        'Edit Suspend Archive',
      ],
      owner: [
        'Overview Licences Members Audit Webhooks Signing keys',
        'Licence Holders Usage Queue Keys Audit',
        'Edit',
      ],
      admin: ['Overview Licences Members Webhooks Signing keys', 'Licence Holders Usage Queue Keys', 'Edit'],
      member: ['Overview Licences My seats Signing keys', 'Licence Holders Usage Queue', ''],
      guest: ['Overview Licences My seats Signing keys', 'Licence Usage', ''],
    });
  });

  test('filters stand in the address and are there again after going back', async () => {
    const { page, close } = await visit('owner', '/console/licenses');
    await page.getByLabel('Tier').selectOption('Professional');
    await page.getByLabel('Search').fill('lic_');
    await page.waitForURL(/q=lic_/);
    await page.locator('tbody a').first().click();
    await page.getByRole('link', { name: 'Licence', exact: true }).waitFor();
    await page.goBack();
    await page.waitForURL(/tier=professional&q=lic_/);
    expect(await page.getByLabel('Search').inputValue()).toBe('lic_');
    expect(await page.getByLabel('Tier').inputValue()).toBe('professional');
    await close();
  });
});

describe.skipIf(!existsSync(CHROMIUM))('an act in trouble', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  const create = async (page: Page, label: string) => {
    await page.getByRole('textbox', { name: 'Customer' }).fill(DEMO_TENANT);
    await page.getByLabel('Label').fill(label);
  };
  const press = (page: Page) => page.getByRole('button', { name: 'Create the licence' }).click();

  test('a session that has ended: asks to sign in above the form, which keeps what was typed', async () => {
    const { page, close } = await visit('staff', '/console/licenses/new');
    await create(page, 'interrupted');
    await page.context().clearCookies();
    await page.route('**/api/v1/licenses', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({
            status: 401,
            contentType: 'application/problem+json',
            body: '{"code":"unauthenticated","status":401}',
          })
        : route.fallback(),
    );
    await press(page);
    const dialog = page.getByRole('dialog', { name: 'Your sign-in has ended' });
    await dialog.waitFor();
    await page.unrouteAll();
    await dialog.getByRole('link', { name: 'Continue with Google' }).click();
    await page.getByRole('link', { name: 'staff@countersign.example' }).click();
    await page.getByRole('heading', { name: 'New licence' }).waitFor();
    expect(await page.getByLabel('Label').inputValue()).toBe('interrupted');
    await press(page);
    await page.getByRole('dialog', { name: /is created/ }).waitFor();
    await close();
  });

  test('a form that is not right: each field says why', async () => {
    const { page, close } = await visit('staff', '/console/licenses/new');
    await create(page, 'wrong');
    await page.getByText('More settings').click();
    await page.getByLabel('Product').fill('Not a slug!');
    await press(page);
    await expect.poll(() => page.getByLabel('Product').getAttribute('aria-invalid')).toBe('true');
    const described = (await page.getByLabel('Product').getAttribute('aria-describedby')) ?? '';
    expect(await page.locator(`[id="${described.split(' ').at(-1)}"]`).textContent()).toMatch(/slug/);
    await close();
  });
});

describe.skipIf(!existsSync(CHROMIUM))('with the keyboard alone', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test('a seat is taken back: the focus goes into the dialog, stays there and comes back', async () => {
    const { license_id, license_key } = await suite.license(2);
    await suite.post(`${LICENSES}/acquire`, { license_key, hardware_id: 'a', hostname: 'lab-1' });
    await suite.post(`${LICENSES}/acquire`, { license_key, hardware_id: 'b', hostname: 'lab-2' });
    const { page, close } = await visit('owner', `/console/licenses/${license_id}/holders`);
    await page.getByRole('button', { name: 'Take back: lab-1' }).waitFor();
    const focused = () =>
      page.evaluate<string>('document.activeElement.getAttribute("aria-label") ?? document.activeElement.textContent');
    const tabTo = async (name: string) => {
      for (let presses = 0; presses < 60; presses += 1) {
        await page.keyboard.press('Tab');
        if ((await focused()) === name) return;
      }
      throw new Error(`no way to ${name} by the keyboard`);
    };
    await page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await tabTo('Take back: lab-1');
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await focused()).toBe('Take back: lab-1');
    await page.keyboard.press('Enter');
    await tabTo('Take back');
    await page.keyboard.press('Enter');
    await page.getByRole('status').getByText('The seat of lab-1 is free.').waitFor();
    await page
      .getByRole('rowheader', { name: 'lab-1' })
      .or(page.getByText('lab-1', { exact: true }))
      .waitFor({ state: 'detached' });
    await close();
  });
});

describe.skipIf(!existsSync(CHROMIUM))('a list of two thousand holders', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test('draws a hundred, finds one of all, and a hidden page asks for nothing', async () => {
    const { license_id } = await suite.license(2);
    const { page, close } = await visit('owner', '/console');
    const at = '2026-11-26T08:00:00.000Z';
    const holder = (n: number) => ({
      ...{ session: `s${n}`, machine: `m${n}`, key: 'key_1', platform: 'linux', client_version: '1' },
      ...{
        user_email: `user${n}@example.org`,
        hostname: `host-${n}`,
        acquired_at: at,
        last_heartbeat: at,
        expires_at: at,
      },
    });
    let asked = 0;
    await page.route('**/sessions?*', (route) => {
      asked += 1;
      const from = Number(new URL(route.request().url()).searchParams.get('cursor') ?? 0);
      const items = Array.from({ length: 100 }, (_, index) => holder(from + index));
      const link = from < 1900 ? { link: `</x?cursor=${from + 100}>; rel="next"` } : {};
      return route.fulfill({ headers: link, json: items });
    });
    await page.clock.install();
    await page.goto(`${suite.stack.gateway}/console/licenses/${license_id}/holders`);
    await page.getByText('1–100 of 2,000').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(100);
    await page.getByLabel('Find a person or machine').fill('host-1777');
    await page.getByText('user1777@example.org').waitFor();
    expect(await page.locator('tbody tr').count()).toBe(1);

    // Twenty requests each time, so it asks less often than a list that fits one page does.
    expect(asked).toBe(20);
    await page.clock.runFor(201_000);
    await expect.poll(() => asked, { timeout: 20_000 }).toBe(40);
    await page.evaluate('Object.defineProperty(document, "hidden", { value: true, configurable: true })');
    await page.clock.runFor(3_600_000);
    expect(asked).toBe(40);
    await page.evaluate('delete document.hidden, document.dispatchEvent(new Event("visibilitychange"))');
    await expect.poll(() => asked, { timeout: 20_000 }).toBe(60);
    await close();
  });
});
