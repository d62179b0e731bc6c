import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import { useSuite } from './suite.ts';

/** What only a browser can show: whose requests carry the session, and what a page may do that is not ours. */
const suite = useSuite();

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];

/** What an injected text would try: a script of its own, and an element with a handler. */
const INJECT = `(async () => {
  let refused = 0;
  document.addEventListener('securitypolicyviolation', () => { refused += 1; });
  const attempts = [
    () => {
      const script = document.createElement('script');
      script.text = 'window.injected = true';
      document.body.append(script);
    },
    () => document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="window.injected = true">'),
  ];
  for (const attempt of attempts) {
    try { attempt(); } catch { refused += 1; }
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  return { injected: 'injected' in window, refused: refused >= attempts.length };
})()`;

describe.skipIf(!existsSync(CHROMIUM))(`the console's session in ${CHROMIUM}`, () => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  /** A page of somebody else: `localhost` is another site than `127.0.0.1`. */
  let evil: Server;
  let evilOrigin: string;
  let evilPage = '';
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    evil = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(evilPage));
    evilOrigin = `http://localhost:${await listen(evil)}`;
  });
  afterAll(async () => {
    await browser.close();
    await shut(evil);
  });
  beforeEach(async () => {
    context = await browser.newContext();
    page = await context.newPage();
    return () => context.close();
  });

  const gateway = () => suite.stack.gateway;

  async function signIn(email: string): Promise<void> {
    await page.goto(`${gateway()}/console/sign-in/google`);
    await page.getByRole('link', { name: email }).click();
    await page.waitForURL(/\/console$/);
  }

  /** A request of the console's own page. */
  const post = (path: string) =>
    page.evaluate(async (url) => {
      const response = await fetch(url, { method: 'POST' });
      return { status: response.status, text: await response.text() };
    }, `${gateway()}/console/${path}`);

  test('one click signs in, and no secret is within reach of a script', async () => {
    await signIn('owner@demo.example');
    const { status, text } = await post('token');
    expect(status).toBe(200);
    expect(JSON.parse(text).email).toBe('owner@demo.example');
    expect(await page.evaluate('document.cookie')).toBe('');
    const kept = await page.evaluate<string>('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])');
    expect(kept).not.toMatch(/eyJ/);
    expect((await context.cookies()).map(({ httpOnly, sameSite }) => [httpOnly, sameSite])).toEqual([[true, 'Strict']]);
  });

  test('runs no script that is not ours', async () => {
    await signIn('owner@demo.example');
    const ran = await page.evaluate(INJECT);
    expect(ran).toEqual({ injected: false, refused: true });
  });

  test('a page of another site can neither sign the person out, nor read a token, nor frame the console', async () => {
    await signIn('owner@demo.example');
    evilPage = `<!doctype html><title>evil</title>
      <form id="out" method="post" action="${gateway()}/console/sign-out" enctype="text/plain" target="there"></form>
      <iframe name="there"></iframe>
      <iframe id="framed" src="${gateway()}/console"></iframe>
      <iframe id="portal" src="${gateway()}/console/portal"></iframe>`;
    const other = await context.newPage();
    const blocked: string[] = [];
    other.on('console', (message) => blocked.push(message.text()));
    await other.goto(evilOrigin);
    const answered = other.waitForResponse((response) => response.url().endsWith('/console/sign-out'));
    await other.evaluate('document.querySelector("#out").submit()');
    expect((await answered).status()).toBe(403);
    const read = await other.evaluate(
      (url) =>
        fetch(url, { method: 'POST', credentials: 'include' }).then(
          (response) => response.text(),
          (error) => String(error),
        ),
      `${gateway()}/console/token`,
    );
    expect(read).toBe('TypeError: Failed to fetch');
    // The two pages, and the answer to the form.
    await expect.poll(() => blocked.filter((text) => text.includes('frame-ancestors')).length).toBe(3);
    expect((await post('token')).status).toBe(200);
  });

  test('a stolen cookie is void after the sign-out', async () => {
    await signIn('admin@demo.example');
    const stolen = await context.cookies();
    expect((await post('sign-out')).status).toBe(204);
    expect(await context.cookies()).toEqual([]);
    await context.addCookies(stolen);
    expect((await post('token')).status).toBe(401);
  });

  /** A phone as Lighthouse has it: a slow network, and a processor four times slower. Nothing is cached. */
  const PHONE = { offline: false, latency: 150, downloadThroughput: 204_800, uploadThroughput: 84_375 };

  /** The times in docs/using-the-console.md; what is counted needs no slow processor. */
  const MEASURED = process.env['CONSOLE_COSTS'] !== undefined;

  interface Cost {
    readonly requests: number;
    /** Of answers with their headers, as they were sent. */
    readonly bytes: number;
    readonly milliseconds: number;
  }

  /** Loads an address as a phone does. @param usable is there when the person can go on */
  async function costOf(path: string, usable: (page: Page) => Promise<unknown>): Promise<Cost> {
    const fresh = await context.newPage();
    const devTools = await context.newCDPSession(fresh);
    const received: number[] = [];
    devTools.on('Network.loadingFinished', ({ encodedDataLength }) => received.push(encodedDataLength));
    await devTools.send('Network.enable');
    await devTools.send('Network.setCacheDisabled', { cacheDisabled: true });
    await devTools.send('Network.emulateNetworkConditions', PHONE);
    if (MEASURED) await devTools.send('Emulation.setCPUThrottlingRate', { rate: 4 });
    const from = performance.now();
    await fresh.goto(`${gateway()}${path}`);
    await usable(fresh);
    const milliseconds = Math.round(performance.now() - from);
    await fresh.close();
    const bytes = received.reduce((sum, one) => sum + one, 0);
    return { requests: received.length, bytes, milliseconds };
  }

  test('the sign-in screen and the first data cost a phone little', async () => {
    const signInScreen = await costOf('/console', (fresh) =>
      fresh.getByRole('link', { name: 'Continue with Google' }).waitFor(),
    );
    await suite.license(2);
    await signIn('owner@demo.example');
    const firstData = await costOf('/console', (fresh) => fresh.getByText('Every licence has free seats.').waitFor());
    if (MEASURED) process.stdout.write(`${JSON.stringify({ signInScreen, firstData })}\n`);
    // The page; two scripts and the styles; who is signed in; the icon. With data, also the person, and four lists.
    expect(signInScreen.bytes).toBeGreaterThan(30_000); // it has counted
    expect(signInScreen.requests).toBeLessThanOrEqual(7);
    expect(signInScreen.bytes).toBeLessThanOrEqual(45_000);
    expect(firstData.requests).toBeLessThanOrEqual(12);
    expect(firstData.bytes).toBeLessThanOrEqual(50_000);
  });
});
