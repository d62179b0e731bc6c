import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createImpersonation } from '#shared/gcp/access-token.ts';
import { createJobStarter } from '#shared/gcp/run-jobs.ts';
import { Sensitive } from '#shared/model/sensitive.ts';

const JOB = 'projects/p/locations/l/jobs/worker';
const EXECUTION = `${JOB}/executions/worker-1`;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}
const answering = (status: number, body: unknown) =>
  serve((_, response) => void response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body)));
const start = async (endpoint: string, rest = {}) =>
  createJobStarter({ job: JOB, endpoint, ...rest }).start('id-1', 'start-1');
const CERTAIN = { code: 'dependency_unavailable' };

describe('starting a job', () => {
  it('asks for it with the task as an override, under a token', async () => {
    const seen: unknown[] = [];
    const endpoint = await serve(async (request, response) => {
      const { method, url, headers } = request;
      seen.push(method, url, headers.authorization, JSON.parse(await text(request)));
      response.end(JSON.stringify({ name: 'operations/1', metadata: { name: EXECUTION } }));
    });
    const tokens = { current: async () => new Sensitive('tok') };
    expect(await start(endpoint, { tokens })).toEqual({ kind: 'started', execution: EXECUTION });
    const env = [
      { name: 'TASK_ID', value: 'id-1' },
      { name: 'TASK_START', value: 'start-1' },
    ];
    const body = { overrides: { containerOverrides: [{ env }] } };
    expect(seen).toEqual(['POST', `/v2/${JOB}:run`, 'Bearer tok', body]);
  });

  it.each([400, 401, 403, 404, 409, 429])('%i: it certainly has not started', async (status) => {
    await expect(start(await answering(status, { error: {} }))).rejects.toMatchObject(CERTAIN);
  });

  it('nobody listens: it certainly has not started', async () => {
    const endpoint = await answering(200, {});
    servers.splice(0).forEach((server) => void server.close());
    await expect(start(endpoint)).rejects.toMatchObject(CERTAIN);
  });

  it('no token: it certainly has not started, and nothing was sent', async () => {
    let asked = 0;
    const endpoint = await serve((_, response) => {
      asked += 1;
      response.end();
    });
    const tokens = { current: () => Promise.reject(new Error('denied')) };
    await expect(start(endpoint, { tokens })).rejects.toMatchObject(CERTAIN);
    expect(asked).toBe(0);
  });

  it.each([408, 500, 502, 503, 504])('%i: nobody knows', async (status) => {
    expect(await start(await answering(status, { error: {} }))).toEqual({ kind: 'unknown' });
  });

  it.each(['', 'no JSON', '{"metadata":{}}'])(
    'an answer without an execution, %j: nobody knows which',
    async (body) => {
      expect(await start(await answering(200, body))).toEqual({ kind: 'unknown' });
    },
  );

  it('the connection is lost after the request: nobody knows, and it is not sent again', async () => {
    let asked = 0;
    const endpoint = await serve((request) => {
      asked += 1;
      request.socket.destroy();
    });
    expect(await start(endpoint)).toEqual({ kind: 'unknown' });
    expect(asked).toBe(1);
  });

  it('no answer in time: nobody knows', async () => {
    expect(await start(await serve(() => undefined), { timeout: 50 })).toEqual({ kind: 'unknown' });
  });
});

describe('acting as another account', () => {
  it('asks for a token, and for the next one shortly before its end', async () => {
    let now = 1_000_000;
    const requests: unknown[] = [];
    const generateAccessToken = async (request: unknown) => {
      requests.push(request);
      return [{ accessToken: `tok-${requests.length}`, expireTime: { seconds: now / 1000 + 3600 } }];
    };
    const client = Object.assign(Object.create(null), { generateAccessToken, close: async () => undefined });
    const tokens = createImpersonation('dispatcher@p.test', { now: () => now }, client);
    expect((await tokens.current()).reveal()).toBe('tok-1');
    now += 3_299_000;
    expect((await tokens.current()).reveal()).toBe('tok-1');
    now += 1_000;
    expect((await tokens.current()).reveal()).toBe('tok-2');
    expect(requests).toHaveLength(2);
    expect(requests[0]).toEqual({
      name: 'projects/-/serviceAccounts/dispatcher@p.test',
      scope: ['https://www.googleapis.com/auth/cloud-platform'],
      lifetime: { seconds: 3600 },
    });
  });
});
