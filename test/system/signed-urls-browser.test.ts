import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { Storage } from '@google-cloud/storage';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listen, shut } from '#local/listen.ts';
import { useSuite } from './suite.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'];

const suite = useSuite();

const ask = async (wish: object) => {
  const { status, body, text } = await suite.post('/signed-url', wish, 'member');
  if (status !== 200) throw new Error(text);
  return body;
};
const stored = ({ blob_name }: { blob_name: string }) => {
  const { stack } = suite;
  const storage = new Storage({ apiEndpoint: stack.storage, projectId: stack.project.id });
  return storage.bucket(stack.project.uploadBucket).file(blob_name);
};
const textOf = async (answer: { blob_name: string }) =>
  (await stored(answer).download({ validation: false })).toString();

describe.skipIf(!existsSync(CHROMIUM))('a page of another origin', () => {
  let browser: Browser;
  let server: Server;
  let origin: string;
  let page: Page;
  beforeAll(async () => {
    server = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>app</title>');
    });
    origin = `http://127.0.0.1:${await listen(server)}`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    page = await browser.newPage();
    await page.goto(origin);
  });
  afterAll(async () => {
    await browser.close();
    await shut(server);
  });

  /** What the page's fetch sees: a status, or that the browser let it see none. */
  const fromPage = (url: string, init: { method: string; headers?: Record<string, string>; body?: string }) =>
    page.evaluate(
      ([target, options]) =>
        fetch(target, options).then(
          ({ status, headers }) => ({ status, range: headers.get('range') }),
          () => ({ status: 'blocked', range: null }),
        ),
      [url, init] as const,
    );

  const submit = (answer: { url: string; fields: Record<string, string> }, content: string) =>
    page.evaluate(
      ([url, fields, text]) => {
        const form = new FormData();
        for (const [name, value] of Object.entries(fields)) form.append(name, value);
        form.append('file', new File([text], 'chosen by hand.html', { type: 'text/html' }));
        return fetch(url, { method: 'POST', body: form }).then(({ status }) => status);
      },
      [answer.url, answer.fields, content] as const,
    );

  test('uploads with a form, within its size and with the type that was signed', async () => {
    const wish = { filename: 'forms/Größe 1.txt', content_type: 'text/plain', method: 'POST', max_bytes: 5 };
    const answer = await ask(wish);
    expect(await submit(answer, 'hello')).toBe(204);
    expect(await textOf(answer)).toBe('hello');
    expect((await stored(answer).getMetadata())[0].contentType).toBe('text/plain');
    expect(await submit(answer, 'hello!')).toBe(400);
    expect(await submit({ ...answer, fields: { ...answer.fields, key: 'demo/other' } }, 'hello')).toBe(400);
  });

  const startSession = async (rest: object) => {
    const answer = await ask({ filename: `sessions/${crypto.randomUUID()}`, content_type: 'text/plain', ...rest });
    const { status, headers } = await fetch(answer.url, { method: answer.method, headers: answer.headers });
    expect(status).toBe(201);
    return { answer, session: headers.get('location') ?? '' };
  };

  test('goes on with a resumable upload that its back end has started for its origin', async () => {
    const { answer, session } = await startSession({ method: 'RESUMABLE', origin });
    const half = 'x'.repeat(256 * 1024);
    const first = { method: 'PUT', headers: { 'content-range': `bytes 0-${half.length - 1}/*` }, body: half };
    expect(await fromPage(session, first)).toEqual({ status: 308, range: `bytes=0-${half.length - 1}` });
    const rest = { 'content-range': `bytes ${half.length}-${half.length + 3}/${half.length + 4}` };
    expect((await fromPage(session, { method: 'PUT', headers: rest, body: 'last' })).status).toBe(200);
    expect(await textOf(answer)).toBe(`${half}last`);
  });

  test('cancels it', async () => {
    const { answer, session } = await startSession({ method: 'RESUMABLE', origin });
    expect((await fromPage(session, { method: 'DELETE' })).status).toBe(499);
    expect((await fromPage(session, { method: 'PUT', body: 'late' })).status).toBe(499);
    expect((await stored(answer).exists())[0]).toBe(false);
  });

  test.each([
    ['without an origin', {}],
    ['for another page', { origin: 'https://app.example' }],
  ])('cannot go on with one that was started %s', async (_, rest) => {
    const { answer, session } = await startSession({ method: 'RESUMABLE', ...rest });
    expect((await fromPage(session, { method: 'PUT', body: 'hello' })).status).toBe('blocked');
    expect((await stored(answer).exists())[0]).toBe(false);
  });

  test('starts one itself, and goes on with it', async () => {
    const answer = await ask({ filename: 'sessions/own', content_type: 'text/plain', method: 'RESUMABLE' });
    const session = await page.evaluate(
      ([url, headers]) => fetch(url, { method: 'POST', headers }).then((response) => response.headers.get('location')),
      [answer.url, answer.headers] as const,
    );
    expect((await fromPage(session ?? '', { method: 'PUT', body: 'mine' })).status).toBe(200);
    expect(await textOf(answer)).toBe('mine');
  });

  test('saves what it would otherwise run', async () => {
    const wish = { filename: 'pages/x.HTML', content_type: 'text/html' };
    const put = await ask(wish);
    await fetch(put.url, { method: put.method, headers: put.headers, body: '<script>alert(1)</script>' });
    const { url } = await ask({ filename: wish.filename, method: 'GET', download_as: 'Überblick "1".html' });
    const visitor = await browser.newPage();
    const [download] = await Promise.all([
      visitor.waitForEvent('download'),
      visitor.goto(url).catch(() => undefined), // a navigation that becomes a download is aborted
    ]);
    expect(download.suggestedFilename()).toMatch(/^Überblick .1.\.html$/);
    await visitor.close();
  });
});

test('a batch of 100 forms, downloads and uploads takes one signature each', async () => {
  const methods = ['PUT', 'GET', 'RESUMABLE', 'POST'];
  const requests = Array.from({ length: 100 }, (_, index) => ({
    filename: `batch/${index}.svg`,
    content_type: 'image/svg+xml',
    method: methods[index % 4],
  }));
  suite.stack.recorder.forgetCalls();
  const { status, body } = await suite.post('/api/v1/signed-urls', { requests }, 'member');
  expect(status).toBe(200);
  expect(body.results.filter(({ url }: { url?: string }) => url !== undefined)).toHaveLength(100);
  expect(suite.stack.recorder.calls()['iam.SignBlob']).toBe(100);
});
