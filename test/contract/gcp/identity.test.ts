import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { createOwnTokens } from '#shared/gcp/access-token.ts';
import { createUserDirectory } from '#shared/gcp/identity.ts';
import { Sensitive } from '#shared/model/sensitive.ts';

const NOW = Date.parse('2026-03-01T10:00:00.700Z');
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function directory(listener: RequestListener, rest = {}) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  const endpoint = `127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  return createUserDirectory({ projectId: 'p', clock: { now: () => NOW }, endpoint, ...rest });
}

/** A server that gives one response after the other, the last one for ever, and the requests it had. */
function responding(...responses: readonly (readonly [status: number, body: unknown])[]) {
  const requests: unknown[] = [];
  const listener: RequestListener = async (request, response) => {
    const { method, url, headers } = request;
    requests.push([method, url, headers.authorization, JSON.parse(await text(request))]);
    const [status, body] = responses[Math.min(requests.length, responses.length) - 1] ?? [500, ''];
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  };
  return { requests, listener };
}

const refusal = (status: number, message: string) => [status, { error: { code: status, message } }] as const;
const UPDATED = [200, { localId: 'ada' }] as const;
const ACCOUNTS = '/identitytoolkit.googleapis.com/v1/projects/p/accounts';

describe('the requests', () => {
  it('reads a user by id', async () => {
    const user = { localId: 'ada', email: 'ada@example.org', customAttributes: '{"role":"owner"}' };
    const { listener, requests } = responding([200, { users: [user] }]);
    const users = await directory(listener, { tokens: { current: async () => new Sensitive('tok') } });
    expect(await users.find('ada')).toEqual({ uid: 'ada', email: 'ada@example.org', claims: { role: 'owner' } });
    expect(requests).toEqual([['POST', `${ACCOUNTS}:lookup`, 'Bearer tok', { localId: ['ada'] }]]);
  });

  it('reads a user without email and claims', async () => {
    const { listener } = responding([200, { users: [{ localId: 'ada' }] }]);
    expect(await (await directory(listener)).find('ada')).toEqual({ uid: 'ada', email: null, claims: {} });
  });

  it('sets claims as JSON text, and the second before which sessions no longer count', async () => {
    const { listener, requests } = responding(UPDATED);
    const users = await directory(listener);
    await users.setClaims('ada', { role: 'owner' });
    await users.endSessions('ada');
    expect(requests).toEqual([
      ['POST', `${ACCOUNTS}:update`, 'Bearer owner', { localId: 'ada', customAttributes: '{"role":"owner"}' }],
      ['POST', `${ACCOUNTS}:update`, 'Bearer owner', { localId: 'ada', validSince: String(Math.floor(NOW / 1000)) }],
    ]);
  });
});

describe('the failures', () => {
  it.each([
    ['nobody found', [200, { kind: 'identitytoolkit#GetAccountInfoResponse' }]],
    ['another one found', [200, { users: [{ localId: 'eve' }] }]],
    ['USER_NOT_FOUND', refusal(400, 'USER_NOT_FOUND')],
    ['USER_NOT_FOUND with an explanation', refusal(400, 'USER_NOT_FOUND : no such user record')],
  ] as const)('%s: no such user', async (_, response) => {
    const { listener } = responding(response);
    expect(await (await directory(listener)).find('ada')).toBeUndefined();
  });

  it('a user who has gone has no claims to set', async () => {
    const { listener } = responding(refusal(400, 'USER_NOT_FOUND'));
    const users = await directory(listener);
    await expect(users.setClaims('ada', {})).resolves.toBeUndefined();
    await expect(users.endSessions('ada')).resolves.toBeUndefined();
  });

  it('an id that no user can have is not asked for', async () => {
    const { listener, requests } = responding(UPDATED);
    const users = await directory(listener);
    for (const uid of ['', 'x'.repeat(129)]) {
      expect(await users.find(uid)).toBeUndefined();
      await users.setClaims(uid, {});
      await users.endSessions(uid);
    }
    expect(requests).toEqual([]);
  });

  it('claims beyond 1000 characters are a conflict, wherever that is found', async () => {
    const { listener, requests } = responding(refusal(400, 'CLAIMS_TOO_LARGE'));
    const users = await directory(listener);
    await expect(users.setClaims('ada', { x: 'x'.repeat(1000) })).rejects.toMatchObject({ code: 'conflict' });
    expect(requests).toEqual([]);
    await expect(users.setClaims('ada', {})).rejects.toMatchObject({ code: 'conflict' });
  });

  it.each([429, 503, 504])('%i is repeated', async (status) => {
    const { listener, requests } = responding(refusal(status, 'BACKEND'), UPDATED);
    await (await directory(listener)).setClaims('ada', {});
    expect(requests).toHaveLength(2);
  });

  it('a connection that breaks is tried again, three times in all', async () => {
    let attempts = 0;
    const users = await directory((request) => {
      attempts += 1;
      request.socket.destroy();
    });
    await expect(users.find('ada')).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(attempts).toBe(3);
  });

  it.each([
    ['no permission', refusal(403, 'INSUFFICIENT_PERMISSION')],
    ['an internal error', refusal(500, 'INTERNAL_ERROR')],
    ['an error without JSON', [502, '<html>']],
    ['a success without JSON', [200, '<html>']],
    ['a success without its members', [200, { users: [{}] }]],
    ['claims that are not JSON', [200, { users: [{ localId: 'ada', customAttributes: '{' }] }]],
    ['claims that are no object', [200, { users: [{ localId: 'ada', customAttributes: '[1]' }] }]],
  ] as const)('%s: unavailable, asked once', async (_, response) => {
    const { listener, requests } = responding(response);
    const users = await directory(listener);
    await expect(users.find('ada')).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(requests).toHaveLength(1);
  });

  it('silence ends at the deadline, and so does the wait for a token', async () => {
    const silent = await directory(() => {}, { timeout: 50 });
    await expect(silent.find('ada')).rejects.toMatchObject({ code: 'dependency_unavailable' });
    const { listener, requests } = responding(UPDATED);
    const tokens = { current: () => new Promise<never>(() => {}) };
    const waiting = await directory(listener, { timeout: 50, tokens });
    await expect(waiting.setClaims('ada', {})).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(requests).toEqual([]);
  });

  it('credentials that give no token: unavailable, nothing sent', async () => {
    const { listener, requests } = responding(UPDATED);
    const users = await directory(listener, { tokens: createOwnTokens({ getAccessToken: async () => null }) });
    await expect(users.find('ada')).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(requests).toEqual([]);
  });
});

it('the token never appears in an error', async () => {
  const { listener } = responding(refusal(403, 'INSUFFICIENT_PERMISSION'));
  const tokens = createOwnTokens({ getAccessToken: async () => 'very-secret' });
  const error: unknown = await (await directory(listener, { tokens })).find('ada').catch((cause: unknown) => cause);
  const cause = error instanceof Error ? error.cause : undefined;
  expect(`${error} ${cause}`).toContain('INSUFFICIENT_PERMISSION');
  expect(`${error} ${cause}`).not.toContain('very-secret');
});
