import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import { DEMO_TENANT } from '#local/people.ts';
import { requestCode } from '#shared/license-format/request-code.ts';
import { CHROMIUM, createVisits, inaccessible, launch } from './console-browser.ts';
import { createPortalLink } from './portal.ts';
import { useSuite } from './suite.ts';
import { startReceiver } from './webhook-receiver.ts';

const suite = useSuite();
let browser: Browser;
const { visit } = createVisits(() => browser, suite);

const LICENSES = '/api/v1/licenses';

/** A licence with a label, and machines that hold its seats. */
async function licenseWith(label: string, seats: number, machines: readonly object[] = [], terms: object = {}) {
  const wanted = { tenant_id: DEMO_TENANT, tier: 'professional', max_seats: seats, expires_at: null, label, ...terms };
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

/** The same on a phone and in the dark, to be looked at: `LOOKS=folder`. */
const LOOKS = process.env['LOOKS'];
async function looks(page: Page, name: string): Promise<void> {
  if (LOOKS === undefined) return;
  await page.screenshot({ path: join(LOOKS, `${name}.png`) });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.screenshot({ path: join(LOOKS, `${name}-dark.png`) });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(LOOKS, `${name}-390.png`) });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1280, height: 860 });
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
    await page.getByRole('link', { name: 'New licence' }).first().click();
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
    await page.getByRole('heading', { name: 'Wind tunnel', exact: true }).waitFor();
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

  test('"who was refused yesterday?": from the first screen to the person and the hour', async () => {
    const { key } = await licenseWith('Simulation', 1, [{}]);
    const late = ['dora@example.org', 'emil@example.org', null].map((user_email, index) => ({
      ...{ user_email, hostname: `WS-${index + 1}`, platform: 'linux', client_version: '4.2.0' },
      hardware_id: `late-${index}`,
    }));
    for (const machine of late) {
      const { status } = await suite.post(`${LICENSES}/acquire`, { license_key: key, ...machine });
      expect(status).toBe(402);
    }
    const { page, faults, close } = await visit('admin', '/console');
    const refused = page.getByRole('region', { name: 'Refused since yesterday' });
    await expect.poll(() => refused.textContent(), { timeout: 15_000 }).toContain('3 times');
    await picture(page, 'console-overview');
    await refused.getByRole('link', { name: 'Simulation' }).click();
    await page.getByText('3 requests were refused').waitFor();
    await page.getByRole('cell', { name: '3 found no free seat' }).waitFor();
    const who = page.getByRole('region', { name: 'Who was refused' });
    for (const { user_email, hostname } of late) {
      const row = who.getByRole('row', { name: user_email ?? 'Unknown person' });
      expect(await row.textContent()).toMatch(new RegExp(`${hostname}.*No seat was free.*1`));
    }
    await picture(page, 'console-usage');
    await who.scrollIntoViewIfNeeded();
    await looks(page, 'refused');
    expect(await inaccessible(page)).toEqual([]);
    expect(faults).toEqual([]);
    await close();
  });

  test('"a machine without a network needs a licence": its request code is scanned', async () => {
    const { id } = await licenseWith('On board', 2, [], { borrow: { max_seats: 1, max_seconds: 86_400 } });
    const { page, faults, close } = await visit('owner', `/console/licenses/${id}/holders`);
    // Chromium on Linux reads no barcodes: the page is told what the camera shows.
    await page.addInitScript(`
      globalThis.shown = [];
      globalThis.BarcodeDetector = class {
        static getSupportedFormats = async () => ['qr_code'];
        detect = async () => globalThis.shown.map((rawValue) => ({ rawValue }));
      };
    `);
    await page.reload();
    await page.getByRole('button', { name: 'Licence file' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Scan it as a QR code' }).click();
    await dialog.getByText('Hold the QR code before the camera.').waitFor();
    const isShown = () => page.evaluate<boolean>('document.querySelector("video").videoWidth > 0');
    await expect.poll(isShown, { timeout: 15_000 }).toBe(true);
    expect(await inaccessible(page)).toEqual([]);
    await looks(page, 'scan');
    await page.evaluate(`globalThis.shown = ['https://example.org/']`);
    await dialog.getByText('This QR code is no request code.').waitFor();
    await page.evaluate('globalThis.stream = document.querySelector("video").srcObject');
    const code = requestCode('engine-room');
    await page.evaluate(`globalThis.shown = [${JSON.stringify(code)}]`);
    await page.locator('video').waitFor({ state: 'detached' });
    expect(await dialog.getByLabel('Request code of the machine').inputValue()).toBe(code);
    expect(await page.evaluate('globalThis.stream.active')).toBe(false);
    const saved = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Make the file' }).click();
    expect((await saved).suggestedFilename()).toMatch(/\.lic$/);
    await dialog.getByText('Your browser has saved it.').waitFor();
    expect(faults).toEqual([]);
    await close();
  });

  test('a camera that may not be used is said, and the code is typed', async () => {
    const { id } = await licenseWith('No camera', 1, [], { borrow: { max_seats: 1, max_seconds: 86_400 } });
    const { page, faults, close } = await visit('owner', `/console/licenses/${id}/holders`);
    await page.getByRole('button', { name: 'Licence file' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Request code of the machine').waitFor();
    expect(await dialog.getByRole('button', { name: /QR/ }).count()).toBe(0);
    await page.addInitScript(`
      globalThis.BarcodeDetector = class { static getSupportedFormats = async () => ['qr_code'] };
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'));
    `);
    await page.reload();
    await page.getByRole('button', { name: 'Licence file' }).click();
    await dialog.getByRole('button', { name: 'Scan it as a QR code' }).click();
    await dialog
      .getByRole('alert')
      .getByText(/not allowed for this page/)
      .waitFor();
    await dialog.getByLabel('Request code of the machine').fill(requestCode('deck'));
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

  test('"our webhook stopped": what it answered is there, and after it is mended the event arrives', async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 500, body: 'database is locked' });
    const { page, faults, close } = await visit('owner', '/console/webhooks');
    await page.getByRole('button', { name: 'New endpoint' }).click();
    await page.getByRole('dialog').getByLabel('URL').fill(receiver.url);
    await page.getByRole('dialog').getByLabel('Events').fill('license.created');
    await looks(page, 'webhook-new');
    await page.getByRole('button', { name: 'Create the endpoint' }).click();
    const secret = (await page.getByRole('dialog').locator('code').textContent()) ?? '';
    expect(secret).toMatch(/^whsec_/);
    await page.getByLabel('I have saved it').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: receiver.url }).click();
    await page.getByText('Nothing was delivered yet').waitFor();
    expect(await page.content()).not.toContain(secret);

    await licenseWith('Told by webhook', 1);
    const dispatch = () => suite.post('/internal/webhooks/dispatch', undefined, 'scheduler');
    expect((await dispatch()).status).toBe(200);
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(1);
    const failed = page.getByText('database is locked');
    const answer = page.getByText('Answer');
    const isShown = () =>
      answer.waitFor({ timeout: 5_000 }).then(
        () => true,
        () => false,
      );
    await expect.poll(() => page.reload().then(isShown), { timeout: 30_000 }).toBe(true);
    await answer.click();
    await failed.waitFor();
    await looks(page, 'webhook-failing');
    expect(await inaccessible(page)).toEqual([]);

    receiver.answer = () => ({ status: 204 });
    await page.getByRole('button', { name: /^Resend: license.created/ }).click();
    await page.getByRole('status').getByText('The event is sent once more.').waitFor();
    expect((await dispatch()).status).toBe(200);
    await expect.poll(() => receiver.received.length, { timeout: 20_000 }).toBe(2);
    const [first, second] = receiver.received;
    expect(second?.event).toEqual(first?.event);
    const row = page.getByRole('row', { name: /license.created/ });
    await expect
      .poll(() => page.reload().then(() => row.textContent({ timeout: 5_000 })), { timeout: 20_000, interval: 300 })
      .toMatch(/delivered/i);
    await looks(page, 'webhook-mended');
    expect(faults).toEqual([]);
    await close();
    await receiver.stop();
  });

  test('a stolen laptop: the borrowed seat is recalled, and what its copy can still do is said', async () => {
    const { id, key } = await licenseWith('Field work', 2, [], {
      borrow: { max_seats: 2, max_seconds: 30 * 86_400, max_recalls: 1, early_return: true },
    });
    const laptop = { license_key: key, hardware_id: 'laptop', hostname: 'LAPTOP-7', user_email: 'ida@example.org' };
    const lent = await suite.post(`${LICENSES}/borrow`, { ...laptop, borrow_seconds: 7 * 86_400 });
    expect(lent.status).toBe(201);
    const { page, faults, close } = await visit('admin', `/console/licenses/${id}/holders`);
    await page.getByText('1 of 2').waitFor();
    await page.getByRole('button', { name: 'Recall: ida@example.org' }).click();
    const dialog = page.getByRole('dialog', { name: 'Recall this borrowed seat?' });
    await dialog.getByText(/goes on working until/).waitFor();
    await looks(page, 'recall');
    expect(await inaccessible(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'Recall' }).click();
    await page.getByRole('status').getByText('The seat of ida@example.org is free.').waitFor();
    await page.getByText('Nobody holds a seat').waitFor();
    expect((await beat(lent.body.session_id)).body).toMatchObject({ code: 'session_ended', reason: 'recalled' });
    expect(faults).toEqual([]);
    await close();
  });

  test('a machine is taken out of the queue, and the next one moves up', async () => {
    const { id, key } = await licenseWith('Waiting', 1, [{}], { queue: { max_length: 5 } });
    const waiting = [];
    for (const name of ['WAIT-1', 'WAIT-2']) {
      const machine = { license_key: key, hardware_id: name, hostname: name, queue: {} };
      waiting.push((await suite.post(`${LICENSES}/acquire`, machine)).status);
    }
    expect(waiting).toEqual([202, 202]);
    const { page, faults, close } = await visit('owner', `/console/licenses/${id}/queue`);
    await page.getByRole('button', { name: 'Remove: WAIT-1' }).click();
    await page.getByRole('status').getByText('The machine has lost its place.').waitFor();
    await page.getByRole('button', { name: 'Remove: WAIT-1' }).waitFor({ state: 'detached' });
    await looks(page, 'queue');
    expect(await page.locator('tbody tr').allTextContents()).toEqual([expect.stringMatching(/^1\.WAIT-2/)]);
    const again = { license_key: key, hardware_id: 'WAIT-2', hostname: 'WAIT-2', queue: {} };
    expect((await suite.post(`${LICENSES}/acquire`, again)).body).toMatchObject({ position: 1, queue_length: 1 });
    expect(faults).toEqual([]);
    await close();
  });

  test('a customer without an account, in the vendor’s own page and colours: sees who has the seats, frees one', async () => {
    const { id, held } = await licenseWith('Drawing office', 2, [
      { user_email: 'kim@example.org' },
      { hostname: 'PLOTTER' },
    ]);
    const url = await createPortalLink(suite, id);
    const account = createServer((_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<!doctype html><title>Account</title><h1>Your account</h1><iframe src="${url}" width="1100" height="700">`,
        ),
    );
    const origin = `http://localhost:${await listen(account)}`;
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    const page = await context.newPage();
    // As a deployment with these settings serves the page.
    await page.route('**/console/portal', async (route) => {
      const answer = await route.fetch();
      const policy = answer
        .headers()
        ['content-security-policy']?.replace("frame-ancestors 'none'", `frame-ancestors ${origin}`);
      const body = (await answer.text()).replace('data-portal', 'data-accent="#ffd400" data-portal');
      await route.fulfill({
        response: answer,
        headers: { ...answer.headers(), 'content-security-policy': policy ?? '' },
        body,
      });
    });
    await page.goto(origin);
    const portal = page.frameLocator('iframe');
    await portal.getByRole('heading', { name: 'Drawing office' }).waitFor();
    await portal.getByRole('rowheader', { name: 'kim@example.org' }).waitFor();
    await looks(page, 'portal');
    const frame = page.frames().find((one) => one.url().includes('/console/portal'));
    expect(frame?.url()).not.toContain('cpl_');
    expect(await frame?.evaluate('document.querySelectorAll("nav, .bar").length')).toBe(0);
    await portal.getByRole('button', { name: 'Take back: kim@example.org' }).click();
    await looks(page, 'portal-take-back');
    await portal.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
    await portal.getByRole('status').getByText('The seat of kim@example.org is free.').waitFor();
    expect((await beat(held[0].session_id)).body).toMatchObject({ reason: 'admin_released' });
    await portal.getByRole('button', { name: 'Usage' }).click();
    await portal.getByText(/The most in use at once: 2 of 2 seats/).waitFor();
    expect((await context.cookies()).length).toBe(0);
    // The link in the account page is spent: the page says so and leads back.
    await page.reload();
    await portal.getByRole('heading', { name: 'This link is over' }).waitFor();
    await looks(page, 'portal-over');
    await context.close();
    await shut(account);
  });
});
