import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { useSuite } from './suite.ts';

// biome-ignore lint/suspicious/noExplicitAny: tests look into a document of many shapes and assert what they find
type Loose = any;

const suite = useSuite();
let document: Loose;
beforeAll(async () => {
  document = (await suite.send('GET', '/api/openapi.json')).body;
});

const operations = () =>
  Object.entries<Loose>(document.paths).flatMap(([path, item]) =>
    Object.entries<Loose>(item).map(([method, spec]) => ({ method: method.toUpperCase(), path, spec })),
  );

describe('a reader of the document alone', () => {
  const operation = (id: string) => operations().find(({ spec }) => spec.operationId === id) ?? expect.fail(id);
  const exampleOf = (id: string, name: string) =>
    operation(id).spec.requestBody.content['application/json'].examples[name].value;
  const send = (id: string, body: unknown) => suite.send(operation(id).method, operation(id).path, body);
  /** Fills a request from an answer as the document's link says. */
  const follow = (link: Loose, answer: Loose) =>
    Object.fromEntries(
      Object.entries<string>(link.requestBody).map(([name, expression]) => [
        name,
        answer[expression.split('#/')[1] ?? ''],
      ]),
    );

  test('acquires, beats and releases', async () => {
    const { license_key } = await suite.license(1);
    const taken = await send('acquireSeat', { ...exampleOf('acquireSeat', 'acquire'), license_key });
    expect([taken.status, taken.body.seats_used]).toEqual([201, 1]);

    const { links } = operation('acquireSeat').spec.responses[201];
    const beat = exampleOf('heartbeat', 'beat');
    const beaten = await send(links.heartbeat.operationId, { ...beat, ...follow(links.heartbeat, taken.body) });
    expect([beaten.status, beaten.body.session_id]).toEqual([200, taken.body.session_id]);

    const release = exampleOf('releaseSeat', 'release');
    const released = await send(links.release.operationId, { ...release, ...follow(links.release, taken.body) });
    expect([released.status, released.body.seats_used]).toEqual([200, 0]);
  });
});

describe('what is served', () => {
  test('the document, to any origin', async () => {
    const reply = await suite.send('GET', '/api/openapi.json', undefined, undefined, { origin: 'https://a.example' });
    expect(reply.headers.get('access-control-allow-origin')).toBe('*');
    expect(reply.headers.get('cache-control')).toBe('public, max-age=3600');
    expect(reply.headers.get('content-type')).toBe('application/json');
  });

  test('the page, under a policy that lets nothing in from elsewhere', async () => {
    const reply = await suite.send('GET', '/api/docs/');
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const policy = reply.headers.get('content-security-policy') ?? '';
    expect(policy.split('; ').sort()).toEqual([
      "base-uri 'none'",
      "connect-src 'self'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "img-src 'self' data:",
      "script-src 'self'",
      "style-src 'self'",
    ]);
  });

  test('its files and no others', async () => {
    const served = await suite.send('GET', '/api/docs/assets/docs.css');
    expect([served.status, served.headers.get('content-type')]).toEqual([200, 'text/css; charset=utf-8']);
    const etag = served.headers.get('etag') ?? '';
    const again = await suite.send('GET', '/api/docs/assets/docs.css', undefined, undefined, { 'if-none-match': etag });
    expect([again.status, again.text]).toEqual([304, '']);
    for (const name of ['package.json', '..%2fmain.ts', 'swagger-ui.js', 'constructor', '%00']) {
      const reply = await suite.send('GET', `/api/docs/assets/${name}`);
      expect([name, reply.status, reply.body.code]).toEqual([name, 404, 'not_found']);
    }
  });
});

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.skipIf(!existsSync(CHROMIUM))(`the page in ${CHROMIUM}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser.close());

  /** The page, drawn, with everything that went wrong on the way. */
  async function open(options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
    await context.addInitScript({ path: join(import.meta.dirname, 'docs-in-page.js') });
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (protocol !== 'data:' && origin !== suite.stack.gateway) faults.push(`asked ${request.url()}`);
    });
    page.on('response', (response) => {
      if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
    });
    await page.goto(`${suite.stack.gateway}/api/docs`);
    await page.locator('.opblock').first().waitFor();
    return { page, faults, close: () => context.close() };
  }

  /** A page for the tests that leave it as they found it, since drawing one takes seconds. */
  let shared: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    shared = await open();
  });
  afterAll(() => shared.close());

  const block = (page: Page, path: string) => page.locator('.opblock', { has: page.locator(`[data-path="${path}"]`) });

  test('shows every operation and opens one of each section, without an error or a request to another origin', async () => {
    const { page, faults, close } = await open();
    await page.locator('.opblock-tag[data-tag="Internal"]').click();
    const shown = await page.evaluate<string[]>('inspect.operations()');
    expect(shown.sort()).toEqual(
      operations()
        .map(({ method, path }) => `${method} ${path}`)
        .sort(),
    );
    for (const { name } of document.tags) {
      const first = page
        .locator('.opblock-tag-section', { has: page.locator(`[data-tag="${name}"]`) })
        .locator('.opblock');
      const control = first.first().locator('.opblock-summary-control');
      await control.click();
      await first.locator('.responses-inner').waitFor();
      await control.click(); // a page with everything open is slow to change
    }
    expect(faults).toEqual([]);
    await close();
  }, 120_000);

  test('is used by keyboard: skip to the operations, open the first one', async () => {
    const { page, close } = await open();
    await page.keyboard.press('Tab');
    const skip = page.locator('.skip');
    expect(await skip.evaluate((one) => one.matches(':focus-visible'))).toBe(true);
    expect((await skip.boundingBox())?.y).toBeGreaterThanOrEqual(0);
    await page.keyboard.press('Enter');
    const control = block(page, '/api/v1/licenses/acquire').locator('.opblock-summary-control');
    const focused = () => control.evaluate((one) => one === one.ownerDocument.activeElement);
    for (let presses = 0; presses < 10 && !(await focused()); presses++) await page.keyboard.press('Tab');
    expect(await focused()).toBe(true);
    expect(await page.evaluate('inspect.style(":focus", "outlineWidth")')).toBe('3px');
    await page.keyboard.press('Enter');
    await block(page, '/api/v1/licenses/acquire').locator('.opblock-body').waitFor();
    expect(await control.getAttribute('aria-expanded')).toBe('true');
    await close();
  });

  test('is made for everybody: language, one main heading, no level left out, every control named', async () => {
    const { page, close } = await open();
    await block(page, '/api/v1/licenses/acquire').locator('.opblock-summary-control').click();
    await page.locator('.opblock-body select').first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.locator('main:visible').count()).toBe(1);
    const levels = await page.evaluate<number[]>('inspect.headings()');
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    expect(levels[0]).toBe(1);
    expect(levels.filter((level, index) => index > 0 && level > (levels[index - 1] ?? 0) + 1)).toEqual([]);
    expect(await page.evaluate('inspect.nameless()')).toEqual([]);
    await close();
  });

  test.each(['light', 'dark'] as const)('%s: text stands out from its ground', async (colorScheme) => {
    const { page, close } = await open({ colorScheme });
    const samples = ['.brand', '.bar nav a', '.info h1', '.info p', '.opblock-tag', '.opblock-tag small'];
    const inBlocks = ['.opblock-summary-method', '.opblock-summary-path', '.opblock-summary-description'];
    for (const selector of [...samples, ...inBlocks, '.btn.authorize span']) {
      const ratio = await page.evaluate<number>(`inspect.contrast('${selector}')`);
      expect([selector, ratio >= 4.5 ? 'enough' : ratio]).toEqual([selector, 'enough']);
    }
    await close();
  });

  test('light and dark differ, and follow the system while open', async () => {
    const { page, close } = await open({ colorScheme: 'light' });
    const ground = () => page.evaluate('inspect.style("body", "backgroundColor")');
    const light = { ground: await ground(), image: await page.screenshot() };
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = { ground: await ground(), image: await page.screenshot() };
    expect([light.ground, dark.ground]).toEqual(['rgb(250, 251, 250)', 'rgb(18, 22, 21)']);
    expect(light.image.equals(dark.image)).toBe(false);
    await close();
  });

  test('finds operations by any words, and keeps what only the scheduler calls apart and folded', async () => {
    const { page } = shared;
    const sections = page.locator('.opblock-tag');
    expect(await sections.last().getAttribute('data-tag')).toBe('Internal');
    expect(await sections.last().getAttribute('data-is-open')).toBe('false');
    await page.getByLabel('Filter the operations').fill('delete  SESSIONS');
    const expected = operations().filter(({ method, path }) => method === 'DELETE' && path.includes('sessions'));
    await expect.poll(() => page.locator('.opblock').count()).toBe(expected.length);
    await page.getByLabel('Filter the operations').fill('');
    await expect.poll(() => page.locator('.opblock').count()).toBeGreaterThan(expected.length);
  });

  test('shows answers, and refusals as a line each that opens', async () => {
    const { page } = shared;
    const acquire = block(page, '/api/v1/licenses/acquire');
    await acquire.locator('.opblock-summary-control').click();
    await acquire.locator('.responses-inner').waitFor();
    const codes = (selector: string) =>
      acquire.locator(selector).evaluateAll((rows) => rows.map((row) => row.getAttribute('data-code')));
    const { responses } = operations().find(({ spec }) => spec.operationId === 'acquireSeat')?.spec ?? expect.fail();
    expect(await codes('.response:not(.folded)')).toEqual(['200', '201', '202']);
    expect(await codes('.response.folded')).toEqual(Object.keys(responses).filter((code) => code >= '400'));
    await acquire.getByRole('button', { name: 'Show 402' }).click();
    await acquire.locator('.response:not(.folded)[data-code="402"]').waitFor();
    await acquire.locator('.opblock-summary-control').click();
  });

  test('asks for a token in a dialog that has the focus, keeps it and gives it back', async () => {
    const { page } = shared;
    const inDialog = () =>
      page.evaluate('document.activeElement.closest("[role=dialog]")?.getAttribute("aria-labelledby") ?? null');
    await page.locator('.btn.authorize').click();
    await page.getByRole('dialog', { name: 'Available authorizations' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('INPUT');
    const stops = await page.locator('[role=dialog] :is(input, select, button, a[href])').count();
    for (let presses = 0; presses <= stops; presses += 1) {
      await page.keyboard.press('Tab');
      expect(await inDialog()).toBe('authorize-heading');
    }
    await page.keyboard.press('Shift+Tab');
    expect(await inDialog()).toBe('authorize-heading');
    await page.keyboard.press('Escape');
    await expect.poll(() => page.evaluate('document.activeElement.className')).toContain('authorize');
  });

  test('is read at 390 and at 320 pixels without scrolling sideways, nothing squeezed', async () => {
    const { page, close } = await open({ viewport: { width: 390, height: 800 } });
    await block(page, '/api/v1/licenses/acquire').locator('.opblock-summary-control').click();
    await page.locator('.responses-inner').waitFor();
    for (const width of [390, 320]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(await page.evaluate('inspect.squeezed()')).toEqual([]);
    }
    await close();
  });

  test('“Try it out” takes a seat', async () => {
    const { license_key } = await suite.license(1);
    const { page, faults, close } = await open();
    const acquire = block(page, '/api/v1/licenses/acquire');
    await acquire.locator('.opblock-summary-control').click();
    await acquire.getByRole('button', { name: 'Try it out' }).click();
    const body = acquire.locator('textarea.body-param__text');
    await body.fill(JSON.stringify({ ...JSON.parse(await body.inputValue()), license_key }));
    await acquire.getByRole('button', { name: 'Execute' }).click();
    const status = acquire.locator('.live-responses-table .response .response-col_status').first();
    await status.waitFor();
    expect((await status.textContent())?.trim()).toBe('201');
    expect(faults).toEqual([]);
    await close();
  });
});
