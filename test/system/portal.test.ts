import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, test } from 'vitest';
import { consoleFunction } from '#functions/console/index.ts';
import { emailOf } from '#local/accounts.ts';
import { listen, shut } from '#local/listen.ts';
import { createPortalLink, openPortal, PORTAL } from './portal.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let license: { license_id: string; license_key: string };
beforeEach(async () => {
  suite.stack.clock.advance(3600);
  license = await suite.license(2);
});

const exchange = (token: string) => suite.post(`${PORTAL}/exchange`, { token });
const tokenIn = (url: string) => new URL(url).hash.slice(1);

async function holdSeat(licenseKey: string): Promise<string> {
  const acquire = { license_key: licenseKey, hardware_id: 'laptop', user_email: 'jo@example.org' };
  return (await suite.post('/api/v1/licenses/acquire', acquire)).body.session_id;
}

describe('a link', () => {
  test('leads to the portal, with its token in the fragment', async () => {
    const url = new URL(await createPortalLink(suite, license.license_id));
    expect([url.origin, url.pathname, url.search]).toEqual([suite.stack.gateway, '/console/portal', '']);
    const { status, body } = await exchange(tokenIn(url.href));
    expect([status, body.token_type, body.license.license_id, body.license.max_seats]).toEqual([
      200,
      'Bearer',
      license.license_id,
      2,
    ]);
  });

  test('works once, also when two open it at the same time', async () => {
    const token = tokenIn(await createPortalLink(suite, license.license_id));
    const opened = await Promise.all([exchange(token), exchange(token), exchange(token)]);
    expect(opened.map(({ status }) => status).sort()).toEqual([200, 401, 401]);
    expect((await exchange(token)).status).toBe(401);
  });

  test('works for fifteen minutes', async () => {
    const [early, late] = [
      tokenIn(await createPortalLink(suite, license.license_id)),
      tokenIn(await createPortalLink(suite, license.license_id)),
    ];
    suite.stack.clock.advance(899);
    expect((await exchange(early)).status).toBe(200);
    suite.stack.clock.advance(1);
    expect((await exchange(late)).status).toBe(401);
  });

  test('is for a licence that there is, and for its holders', async () => {
    const service = suite.tokens['service'];
    for (const license_id of ['lic_000000000000', '../x', 'a/b']) {
      const { status, body } = await suite.post(PORTAL, { license_id, role: 'holder' }, service);
      expect([license_id, status, body.code]).toEqual([license_id, 404, 'license_not_found']);
    }
    const other = await suite.post(PORTAL, { license_id: license.license_id, role: 'owner' }, service);
    expect([other.status, other.body.errors[0].path]).toEqual([400, 'role']);
  });

  test('is made once for an Idempotency-Key, and leaves a record of who made it and that it was opened', async () => {
    const token = await suite.stack.issuer.serviceToken({ email: emailOf(suite.stack.project, 'backend-portal') });
    const ask = (licenseId: string, key: string) =>
      suite.send('POST', PORTAL, { license_id: licenseId, role: 'holder' }, token, { 'idempotency-key': key });
    const key = randomUUID();
    const [first, again] = [await ask(license.license_id, key), await ask(license.license_id, key)];
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    const other = await suite.license(1);
    expect(await ask(other.license_id, key)).toMatchObject({ status: 409, body: { code: 'idempotency_conflict' } });
    expect(await ask(license.license_id, 'short')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect((await exchange(tokenIn(first.body.url))).status).toBe(200);

    const audit = await suite.send('GET', `/api/v1/audit?license_id=${license.license_id}`, undefined, 'owner');
    const [opened, made] = audit.body;
    expect(audit.body).toHaveLength(3); // and the licence's own
    const service = emailOf(suite.stack.project, 'backend-portal');
    expect(made).toMatchObject({ action: 'portal.create_link', actor: { kind: 'service', id: service } });
    expect(opened).toMatchObject({ action: 'portal.open', actor: { kind: 'portal', email: null } });
    expect(opened.details).toEqual(made.details);
    expect(audit.text).not.toContain(tokenIn(first.body.url));
  });

  test('is opened although the answer of the commit is lost', async () => {
    const token = tokenIn(await createPortalLink(suite, license.license_id));
    suite.stack.recorder.inject({ service: 'firestore', method: 'Commit', code: 'UNAVAILABLE', lost: true, times: 1 });
    const { status, body } = await exchange(token);
    expect(status).toBe(200);
    const path = `/api/v1/licenses/${license.license_id}/sessions`;
    expect((await suite.send('GET', path, undefined, body.access_token)).status).toBe(200);
  });
});

describe('the portal', () => {
  test('sees the holders and usage of its licence, gives a seat back, and sees nothing else', async () => {
    const sessionId = await holdSeat(license.license_key);
    const token = await openPortal(suite, license.license_id);
    const path = `/api/v1/licenses/${license.license_id}`;
    const holders = await suite.send('GET', `${path}/sessions`, undefined, token);
    expect(holders.body.map((one: { user_email: string }) => one.user_email)).toEqual(['jo@example.org']);
    expect((await suite.send('GET', `${path}/usage`, undefined, token)).body.seats_used).toBe(1);
    const released = await suite.send('DELETE', `/api/v1/sessions/${holders.body[0].session}`, undefined, token);
    expect(released.status).toBe(204);
    expect((await suite.post('/api/v1/licenses/heartbeat', { session_id: sessionId })).body.reason).toBe(
      'admin_released',
    );
    const audit = await suite.send('GET', `/api/v1/audit?license_id=${license.license_id}`, undefined, 'owner');
    expect(audit.body[0]).toMatchObject({ action: 'session.release', actor: { kind: 'portal', email: null } });
    for (const [method, other] of [
      ['GET', path],
      ['PATCH', path],
      ['GET', `${path}/keys`],
      ['GET', '/api/v1/licenses'],
      ['GET', '/api/v1/audit'],
      ['GET', '/api/v1/tenants'],
      ['GET', '/api/v1/me'],
    ] as const) {
      const { status } = await suite.send(method, other, method === 'PATCH' ? {} : undefined, token);
      expect([other, status]).toEqual([other, 403]);
    }
  });

  test('does not see another licence of the same tenant', async () => {
    const other = await suite.license(1);
    const sessionId = await holdSeat(other.license_key);
    const token = await openPortal(suite, license.license_id);
    expect((await suite.send('GET', `/api/v1/licenses/${other.license_id}/sessions`, undefined, token)).status).toBe(
      404,
    );
    expect((await suite.send('GET', `/api/v1/licenses/${other.license_id}/usage`, undefined, token)).status).toBe(404);
    const list = await suite.send('GET', `/api/v1/licenses/${other.license_id}/sessions`, undefined, 'owner');
    const { status } = await suite.send('DELETE', `/api/v1/sessions/${list.body[0].session}`, undefined, token);
    expect(status).toBe(404);
    expect((await suite.post('/api/v1/licenses/heartbeat', { session_id: sessionId })).status).toBe(200);
  });

  test('has an hour', async () => {
    const token = await openPortal(suite, license.license_id);
    const holders = () => suite.send('GET', `/api/v1/licenses/${license.license_id}/sessions`, undefined, token);
    suite.stack.clock.advance(3599);
    expect((await holders()).status).toBe(200);
    suite.stack.clock.advance(1);
    const late = await holders();
    expect([late.status, late.body.code]).toEqual([401, 'unauthenticated']);
  });

  test('may be framed by the pages that are configured, and the console by none', async () => {
    const running = consoleFunction.create(
      {
        ...suite.stack.environment('console'),
        PORTAL_FRAME_ANCESTORS: 'https://account.example.com,https://shop.example.com',
        PORTAL_ACCENT: '#1a7f5a',
        PORTAL_LOGO: 'https://cdn.example.com/logo.svg',
      },
      suite.stack.clock,
      () => undefined,
    );
    const origin = `http://127.0.0.1:${await listen(running.server)}`;
    const ask = async (path: string) => {
      const response = await fetch(`${origin}${path}`);
      return { policy: response.headers.get('content-security-policy')?.split('; '), text: await response.text() };
    };
    const portal = await ask('/console/portal');
    expect(portal.policy).toContain('frame-ancestors https://account.example.com https://shop.example.com');
    expect(portal.policy).toContain("img-src 'self' data: blob: https://cdn.example.com");
    expect(portal.text).toContain('data-accent="#1a7f5a" data-logo="https://cdn.example.com/logo.svg"');
    for (const path of ['/console', '/console/portal/x', '/console/licenses']) {
      expect((await ask(path)).policy).toContain("frame-ancestors 'none'");
    }
    const front = await ask('/');
    expect(front.policy).toContain("frame-ancestors 'none'");
    expect(front.text).toMatch(/href="\/console"[\s\S]*href="\/api\/docs"/);
    await shut(running.server);
    await running.close();
    expect((await suite.send('GET', '/console/portal')).headers.get('content-security-policy')).toContain(
      "frame-ancestors 'none'",
    );
  });
});
