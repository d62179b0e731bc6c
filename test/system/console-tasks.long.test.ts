import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_TENANT } from '#local/people.ts';
import { CHROMIUM, createVisits, inaccessible, launch } from './console-browser.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let browser: Browser;
const { visit } = createVisits(() => browser, suite);

const LICENSES = '/api/v1/licenses';

/** A licence with a label, and machines that hold its seats. */
async function licenseWith(label: string, seats: number, machines: readonly object[] = []) {
  const wanted = { tenant_id: DEMO_TENANT, tier: 'professional', max_seats: seats, expires_at: null, label };
  const { body } = await suite.post(LICENSES, wanted, 'staff');
  const held = [];
  for (const [index, machine] of machines.entries()) {
    const taken = await suite.post(`${LICENSES}/acquire`, {
      license_key: body.license_key,
      hardware_id: `${label} ${index}`,
      ...machine,
    });
    held.push(taken.body);
  }
  return { id: body.license_id as string, key: body.license_key as string, held };
}

const acquire = (license_key: string, hardware_id: string) =>
  suite.post(`${LICENSES}/acquire`, { license_key, hardware_id });
const beat = (session_id: string) => suite.post(`${LICENSES}/heartbeat`, { session_id });

/** For the documentation: `SCREENSHOTS=docs/images npx vitest run --project soak-system console-tasks`. */
const FOLDER = process.env['SCREENSHOTS'];
async function picture(page: Page, name: string): Promise<void> {
  if (FOLDER !== undefined) await page.screenshot({ path: join(FOLDER, `${name}.png`) });
}

describe.skipIf(!existsSync(CHROMIUM))('with nothing but a browser', () => {
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  test('"our seat hangs, free it": three clicks from the first screen', async () => {
    const people = ['anna', 'ben', 'chris'].map((name) => ({
      user_email: `${name}@example.org`,
      hostname: `WS-${name.toUpperCase()}`,
      platform: 'linux',
    }));
    const { held } = await licenseWith('Render farm', 3, people);
    const { page, faults, close } = await visit('owner', '/console');
    await page.getByRole('region', { name: 'Nearly full' }).getByRole('link', { name: 'Render farm' }).click();
    await page.getByRole('button', { name: 'Take back: ben@example.org' }).click();
    await picture(page, 'console-take-back');
    const dialog = page.getByRole('dialog');
    expect(await inaccessible(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Take back' }).click();
    await page.getByRole('status').getByText('The seat of ben@example.org is free.').waitFor();
    await page.getByRole('rowheader', { name: 'ben@example.org' }).waitFor({ state: 'detached' });
    await picture(page, 'console-holders');
    expect((await beat(held[1].session_id)).body).toMatchObject({ code: 'session_ended', reason: 'admin_released' });
    expect((await beat(held[0].session_id)).status).toBe(200);
    expect(faults).toEqual([]);
    await close();
  });

  test('"make a licence for ACME, 20 seats, two years"; its key is shown once and opens it', async () => {
    await suite.post('/api/v1/tenants', { name: 'ACME Aerospace', tier: 'enterprise' }, 'staff');
    const { page, faults, close } = await visit('staff', '/console');
    await page.getByRole('link', { name: 'Licences', exact: true }).click();
    await page.getByRole('link', { name: 'New licence' }).click();
    await page.getByRole('textbox', { name: 'Customer' }).fill('ACME');
    await page.getByRole('button', { name: /ACME Aerospace/ }).click();
    await page.getByLabel('Label').fill('Wind tunnel');
    await page.getByLabel('Seats', { exact: true }).fill('20');
    await page.getByLabel('Ends').selectOption('In two years');
    expect(await inaccessible(page)).toEqual([]);
    await picture(page, 'console-new-licence');
    await page.getByRole('button', { name: 'Create the licence' }).click();
    const dialog = page.getByRole('dialog', { name: 'Licence “Wind tunnel” is created' });
    const key = (await dialog.locator('code').textContent()) ?? '';
    expect(await dialog.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await dialog.getByLabel('I have saved it').check();
    expect(await inaccessible(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('heading', { name: 'Wind tunnel' }).waitFor();
    expect(await page.content()).not.toContain(key);
    const { status, body } = await acquire(key, 'tunnel-1');
    expect([status, body.seats_total]).toEqual([201, 20]);
    const years = new Date(body.license_data.expires_at).getFullYear() - new Date().getFullYear();
    expect(years).toBe(2);
    await page.getByRole('link', { name: 'Holders', exact: true }).click();
    await page.getByText('1 of 20').waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test('"who was refused yesterday?": from the first screen to the hour', async () => {
    const { key } = await licenseWith('Simulation', 1, [{}]);
    for (const machine of ['late-1', 'late-2', 'late-3']) expect((await acquire(key, machine)).status).toBe(402);
    const { page, faults, close } = await visit('admin', '/console');
    const refused = page.getByRole('region', { name: 'Refused since yesterday' });
    await expect.poll(() => refused.textContent(), { timeout: 15_000 }).toContain('3 times');
    await picture(page, 'console-overview');
    await refused.getByRole('link', { name: 'Simulation' }).click();
    await page.getByText('3 requests were refused').waitFor();
    await page.getByRole('cell', { name: '3 found no free seat' }).waitFor();
    await picture(page, 'console-usage');
    expect(await inaccessible(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });

  test('a leaked key is replaced with grace', async () => {
    const { id, key } = await licenseWith('Leaked', 2);
    const { page, close } = await visit('owner', `/console/licenses/${id}/keys`);
    await page.getByRole('button', { name: 'Add or replace' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Label').fill('after the leak');
    await dialog.getByLabel(/this one replaces them/).check();
    await dialog.getByLabel('They end').selectOption('1 day');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    const fresh = (await page.getByRole('dialog').locator('code').textContent()) ?? '';
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('rowheader', { name: 'after the leak' }).waitFor();
    expect(await page.locator('.badge').count()).toBe(1);
    expect((await acquire(fresh, 'a')).status).toBe(201);
    expect((await acquire(key, 'b')).status).toBe(201);
    await close();
  });

  test('fewer seats: whose sessions would end is said before, and those end', async () => {
    const machines = ['eve', 'fay', 'gus'].map((name) => ({ user_email: `${name}@example.org` }));
    const { id, held } = await licenseWith('Shrinking', 3, machines);
    const { page, close } = await visit('staff', `/console/licenses/${id}/edit`);
    await page.getByLabel('Seats', { exact: true }).fill('1');
    await page.getByRole('button', { name: 'Save' }).click();
    const dialog = page.getByRole('dialog', { name: 'This ends 2 sessions' });
    await dialog.waitFor();
    const listed = await dialog.getByRole('rowheader').allTextContents();
    await picture(page, 'console-shrink');
    expect((await suite.send('GET', `${LICENSES}/${id}`, undefined, 'staff')).body.max_seats).toBe(3);
    await dialog.getByRole('button', { name: 'End them and save' }).click();
    await page.getByRole('status').getByText('The changes are saved.').waitFor();
    const ended = [];
    for (const [index, { session_id }] of held.entries()) {
      if ((await beat(session_id)).status === 410) ended.push(machines[index]?.user_email);
    }
    expect(ended.sort()).toEqual(listed.sort());
    await close();
  });

  test('an invitation, from the link to the role', async () => {
    const { page, close } = await visit('owner', '/console/members');
    await page.getByLabel('E-mail address').fill('new.person@example.org');
    await page.getByLabel('Role', { exact: true }).selectOption('Administrator');
    await page.getByRole('button', { name: 'Invite' }).click();
    const link = (await page.getByRole('dialog').locator('code').textContent()) ?? '';
    await close();
    const context = await browser.newContext();
    const theirs = await context.newPage();
    await theirs.goto(link);
    await theirs.getByRole('link', { name: 'Continue with Google' }).click();
    await theirs.getByLabel('Somebody new').fill('new.person@example.org');
    await theirs.getByRole('button', { name: 'Sign up' }).click();
    await theirs.getByRole('button', { name: 'Accept' }).click();
    await theirs.getByRole('heading', { name: 'Overview' }).waitFor();
    await theirs.getByText('Demo Limited').waitFor();
    expect(await theirs.getByRole('link', { name: 'Members' }).count()).toBe(1);
    expect(await theirs.getByRole('link', { name: 'Audit' }).count()).toBe(0);
    await context.close();
  });
});
