import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join, normalize } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import type { Stack } from '#local/stack.ts';
import { type ClientPackage, packClient } from './client-package.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
beforeAll(async () => {
  client = await packClient();
});

async function seatsUsed(licenseId: string): Promise<number> {
  return (await suite.send('GET', `/api/v1/licenses/${licenseId}/usage`, undefined, 'owner')).body.seats_used;
}

/** Asks until it is so; the test's own time limit is the end of patience. */
async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(50);
}

describe('service.mjs', () => {
  /** Where a program has the package in reach; its state is kept apart from the user's. */
  function serve(licenseKey: string) {
    const env = {
      ...process.env,
      XDG_STATE_HOME: join(client.project, 'state'),
      COUNTERSIGN_URL: suite.stack.gateway,
      COUNTERSIGN_LICENSE_KEY: licenseKey,
      COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
    };
    const child = spawn(process.execPath, [join(client.folder, 'examples', 'service.mjs')], { env });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (part) => {
        output += part;
      });
    }
    const ended = new Promise<number | NodeJS.Signals | null>((done) =>
      child.on('close', (status, signal) => done(status ?? signal)),
    );
    return { child, ended, output: () => output };
  }

  test('holds a seat while it serves, and gives it back on SIGTERM', async () => {
    const { license_key, license_id } = await suite.license(1);
    const service = serve(license_key);
    await until(() => service.output().includes('listening on '));
    const url = /http:\S+/.exec(service.output())?.[0] ?? '';
    expect(await (await fetch(url)).json()).toEqual({ seat: 'held', export: true });
    expect(await seatsUsed(license_id)).toBe(1);
    service.child.kill('SIGTERM');
    expect(await service.ended).toBe('SIGTERM');
    expect(await seatsUsed(license_id)).toBe(0);
  });

  test('says what is wrong with its key', async () => {
    const service = serve('CS-NONSENSE');
    expect(await service.ended).toBe(1);
    expect(service.output()).toMatch(/^license_not_found: /);
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
const TYPES: Readonly<Record<string, string>> = { html: 'text/html', js: 'text/javascript' };

/** What stands in front of both in earnest: the page's files, and the licence server below /api/. */
function createProxy(folder: string, { gateway, rootKey }: Pick<Stack, 'gateway' | 'rootKey'>): Server {
  return createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://page');
    if (!pathname.startsWith('/api/') && !pathname.startsWith('/.well-known/')) {
      // The vendor's own file, beside the page.
      if (pathname === '/examples/root-keys.pem') return void response.end(rootKey);
      const type = TYPES[pathname.split('.').at(-1) ?? ''];
      const body = type && (await readFile(join(folder, normalize(pathname))).catch(() => undefined));
      response.writeHead(body ? 200 : 404, { 'content-type': type ?? 'text/plain' }).end(body);
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const answer = await fetch(gateway + pathname, {
      method: request.method ?? 'GET',
      headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
      ...(parts.length === 0 ? {} : { body: Buffer.concat(parts) }),
    });
    const contentType = answer.headers.get('content-type') ?? 'application/json';
    response.writeHead(answer.status, { 'content-type': contentType }).end(await answer.text());
  });
}

describe.skipIf(!existsSync(CHROMIUM))(`page.html in ${CHROMIUM}`, () => {
  let browser: Browser;
  let proxy: Server;
  let origin: string;
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    proxy = createProxy(client.folder, suite.stack);
    origin = `http://127.0.0.1:${await listen(proxy)}`;
  });
  afterAll(async () => {
    await browser.close();
    await shut(proxy);
  });

  async function open() {
    const context = await browser.newContext();
    const page = await context.newPage();
    const faults: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    await page.goto(`${origin}/examples/page.html`);
    const status = page.getByRole('status');
    const begin = async (key: string) => {
      await page.getByLabel('Licence key').fill(key);
      await page.getByRole('button', { name: 'Start' }).click();
    };
    return { context, page, status, faults, begin };
  }

  test('takes a seat, gives it back, and takes one again in the same session of the same browser', async () => {
    const { license_key, license_id } = await suite.license(1);
    const { context, page, status, faults, begin } = await open();
    await begin(license_key);
    await status.filter({ hasText: 'held' }).waitFor();
    expect(await seatsUsed(license_id)).toBe(1);
    await page.getByRole('button', { name: 'Stop' }).click();
    await status.filter({ hasText: 'released' }).waitFor();
    expect(await seatsUsed(license_id)).toBe(0);
    await begin(license_key);
    await status.filter({ hasText: 'held' }).waitFor();

    // Leaving the page gives the seat back; coming back takes one again.
    await page.goto('about:blank');
    await until(async () => (await seatsUsed(license_id)) === 0);
    expect(faults).toEqual([]);
    await context.close();
  });

  test('says that all seats are in use', async () => {
    const { license_key } = await suite.license(1);
    await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'another' });
    const { context, status, begin } = await open();
    await begin(license_key);
    await status.filter({ hasText: 'no_seats_available' }).waitFor();
    await context.close();
  });
});
