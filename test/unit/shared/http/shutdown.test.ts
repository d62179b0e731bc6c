import { Agent, createServer, request } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { prepareShutdown } from '#shared/http/shutdown.ts';

const opened: { destroy(): unknown }[] = [];
afterEach(() => {
  for (const one of opened.splice(0)) one.destroy();
});

/** A server that answers when it is told to. */
async function setUp(requests = 60_000, quiet = 5) {
  const waiting: (() => void)[] = [];
  const server = createServer((incoming, response) => {
    if (incoming.url === '/at-once') response.end('here');
    else waiting.push(() => response.end('late'));
  });
  const stop = prepareShutdown(server, { requests, quiet, sweep: 5 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true });
  opened.push(agent);
  const get = (path: string) =>
    new Promise<{ body: string; connection: string | undefined }>((resolve, reject) => {
      request({ host: '127.0.0.1', port, path, agent }, (response) => {
        let body = '';
        response.on('data', (chunk) => (body += chunk));
        response.on('end', () => resolve({ body, connection: response.headers.connection }));
      })
        .on('error', reject)
        .end();
    });
  const raw = (text: string) =>
    new Promise<ReturnType<typeof connect>>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.write(text);
        resolve(socket);
      }).on('error', () => undefined);
      opened.push(socket);
    });
  const untilWaiting = async (count: number) => {
    while (waiting.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  return { waiting, stop, get, raw, untilWaiting };
}

describe('a server that shuts down', () => {
  it('completes what is in flight, with Connection: close, and cuts nothing', async () => {
    const { get, stop, waiting, untilWaiting } = await setUp();
    const answers = Array.from({ length: 50 }, () => get('/late'));
    await untilWaiting(50);
    const stopped = stop();
    for (const answer of waiting) answer();
    for (const answer of await Promise.all(answers)) expect(answer).toEqual({ body: 'late', connection: 'close' });
    await stopped;
  });

  it('closes a kept-alive connection that is idle, and one that becomes idle afterwards', async () => {
    const { get, raw, stop, waiting, untilWaiting } = await setUp();
    await get('/at-once');
    const late = get('/late');
    await untilWaiting(1);
    // Keep-alive of a client that ignores Connection: close.
    const stubborn = await raw('GET /late HTTP/1.1\r\nhost: h\r\n\r\n');
    await untilWaiting(2);
    const ended = new Promise((resolve) => stubborn.once('close', resolve));
    stubborn.resume();
    const stopped = stop();
    for (const answer of waiting) answer();
    await Promise.all([late, ended, stopped]);
  });

  it('answers what was sent before it was told, although it had not even accepted the connections', async () => {
    const { get, stop } = await setUp(60_000, 200); // a busy machine connects late
    const answers = Array.from({ length: 50 }, () => get('/at-once'));
    const stopped = stop();
    for (const answer of await Promise.all(answers)) expect(answer).toEqual({ body: 'here', connection: 'close' });
    await stopped;
  });

  it('takes no new connection when nothing has come for a moment, and does not wait for an end of them for ever', async () => {
    const { get, stop, waiting, untilWaiting } = await setUp();
    const late = get('/late');
    await untilWaiting(1);
    const stopped = stop();
    let refused: unknown;
    while (refused === undefined) await get('/at-once').catch((error: unknown) => (refused = error));
    expect(refused).toMatchObject({ code: expect.stringMatching(/^ECONN(REFUSED|RESET)$/) });
    waiting[0]?.();
    await Promise.all([late, stopped]);
  });

  it.each([
    ['sends half a head', 'GET /at-once HTTP/1.1\r\nho'],
    ['sends half a body', 'POST /late HTTP/1.1\r\nhost: h\r\ncontent-length: 100\r\n\r\nhalf'],
    ['sends nothing', ''],
  ])('ends although a client %s', async (_what, text) => {
    const { raw, stop } = await setUp(50);
    await raw(text);
    await stop();
  });

  it('stops once, however often it is told', async () => {
    const { stop } = await setUp();
    await Promise.all([stop(), stop()]);
  });
});
