import { beforeEach, describe, expect, test } from 'vitest';
import { userOf } from '#local/people.ts';
import { createFirestore } from '#shared/gcp/firestore.ts';
import { useSuite } from './suite.ts';
import { chooseAt, createVisitor, OWNER, STAFF, sessionCookie, type Visitor } from './visitor.ts';

const suite = useSuite();
let visitor: Visitor;
beforeEach(() => {
  visitor = createVisitor(suite);
});

const HOUR = 3600;

describe('sign-in by a provider', () => {
  test.each(['google', 'github'] as const)('%s: there, back, and a token that the API takes', async (provider) => {
    const back = await visitor.signInAs(OWNER.uid, provider);
    expect([back.status, back.headers.get('location')]).toEqual([302, '/console']);
    const cookies = back.headers.getSetCookie();
    expect(cookies).toHaveLength(2);
    expect(cookies[0]).toMatch(/^countersign-sign-in-\d+=; Max-Age=0; Path=\/; HttpOnly; SameSite=Lax$/);
    expect(cookies[1]).toMatch(
      /^countersign-session-\d+=[\w-]{22}\.[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/,
    );

    const { status, body, headers } = await visitor.post('token');
    expect([status, headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(body).toMatchObject({
      state: 'signed_in',
      uid: OWNER.uid,
      email: OWNER.email,
      staff: false,
      second_factor: false,
      tenants: { demo: 'owner' },
    });
    expect(JSON.stringify(body)).not.toMatch(/refresh/i);
    expect((await suite.send('GET', '/api/v1/licenses', undefined, body.id_token)).status).toBe(200);
  });

  test('somebody new signs up at the provider, and has no rights', async () => {
    const page = (await visitor.get('/console/sign-in/github')).headers.get('location') ?? '';
    const state = new URL(page).searchParams.get('state') ?? '';
    const chosen = new URLSearchParams({ state, email: 'new@example.org' });
    const arrived = await fetch(`${new URL(page).origin}/emulator/auth/as?${chosen}`, { redirect: 'manual' });
    await visitor.get(arrived.headers.get('location') ?? '');
    const { body } = await visitor.post('token', {});
    expect(body).toMatchObject({ email: 'new@example.org', email_verified: true, tenants: {} });
    expect((await suite.send('GET', '/api/v1/licenses', undefined, body.id_token)).status).toBe(403);
  });

  test('who says no comes back signed out', async () => {
    const page = (await visitor.get('/console/sign-in/google')).headers.get('location') ?? '';
    const state = new URL(page).searchParams.get('state') ?? '';
    const back = await visitor.get(`/console/callback?${new URLSearchParams({ state, error: 'access_denied' })}`);
    expect([back.status, back.headers.get('location')]).toEqual([302, '/console?sign_in=cancelled']);
    expect(visitor.cookies.size).toBe(0);
  });

  test('an answer that began in another browser, was used, or is made up signs nobody in', async () => {
    const thief = createVisitor(suite);
    const page = (await visitor.get('/console/sign-in/google')).headers.get('location') ?? '';
    const callback = await chooseAt(page, OWNER.uid);
    await thief.get('/console/sign-in/google'); // has a cookie, of its own sign-in

    expect((await createVisitor(suite).get(callback)).headers.get('location')).toBe('/console?sign_in=expired');
    expect((await thief.get(callback)).headers.get('location')).toBe('/console?sign_in=provider_refused');
    expect((await thief.post('token')).status).toBe(401);

    const fresh = createVisitor(suite);
    const own = (await fresh.get('/console/sign-in/google')).headers.get('location') ?? '';
    const state = fresh.cookies.entries().next().value;
    const good = await chooseAt(own, OWNER.uid);
    expect((await fresh.get(good)).headers.get('location')).toBe('/console');
    if (state !== undefined) fresh.cookies.set(...state);
    expect((await fresh.get(good)).headers.get('location')).toBe('/console?sign_in=provider_refused');
  });

  test.each(['//evil.example', 'https://evil.example', '/\\evil.example'])(
    'leads to the console, not to %s',
    async (to) => {
      const page = await visitor.get(`/console/sign-in/google?continue=${encodeURIComponent(to)}`);
      const provider = new URL(page.headers.get('location') ?? '');
      const callback = new URL(await chooseAt(provider.href, OWNER.uid));
      expect(callback.origin).toBe(suite.stack.gateway);
      for (const name of ['continue', 'next', 'return', 'redirect_uri']) callback.searchParams.set(name, to);
      expect((await visitor.get(callback.href)).headers.get('location')).toBe('/console');
      const refused = await visitor.get(`/console/callback?error=${encodeURIComponent(to)}`);
      expect(refused.headers.get('location')).toBe('/console?sign_in=cancelled');
    },
  );

  test('an outage of Identity Platform is said in the address, and nothing is half done', async () => {
    suite.stack.recorder.inject({ service: 'identity', method: 'createAuthUri', code: 'UNAVAILABLE' });
    const page = await visitor.get('/console/sign-in/google');
    expect([page.status, page.headers.get('location')]).toEqual([302, '/console?sign_in=unavailable']);
    suite.stack.recorder.forgetFaults();
    suite.stack.recorder.inject({ service: 'identity', method: 'signInWithIdp', code: 'UNAVAILABLE' });
    expect((await visitor.signInAs(OWNER.uid)).headers.get('location')).toBe('/console?sign_in=unavailable');
    expect((await visitor.post('token')).status).toBe(401);
  });
});

describe('a session', () => {
  test('acts for the console’s own page alone', async () => {
    await visitor.signInAs(OWNER.uid);
    for (const origin of [null, 'https://evil.example', 'null', `${suite.stack.gateway}.evil.example`]) {
      for (const path of ['token', 'sign-out', 'verify-email', 'second-factor']) {
        const { status, body } = await visitor.post(path, {}, origin);
        expect([path, origin, status, body.code]).toEqual([path, origin, 403, 'forbidden']);
        expect(body).not.toHaveProperty('id_token');
      }
      const guess = await visitor.post('sign-in/password', { email: OWNER.email, password: 'guess' }, origin);
      expect(guess.status).toBe(403);
    }
    expect((await visitor.post('token')).status).toBe(200);
  });

  test('ends with a sign-out: a copy of the cookie is worth nothing', async () => {
    await visitor.signInAs(OWNER.uid);
    const stolen = sessionCookie(visitor);
    const out = await visitor.post('sign-out');
    expect([out.status, visitor.cookies.size]).toEqual([204, 0]);
    const thief = createVisitor(suite);
    thief.cookies.set(...stolen);
    const refused = await thief.post('token');
    expect([refused.status, refused.body.code]).toEqual([401, 'unauthenticated']);
    expect(thief.cookies.size).toBe(0); // it is told to forget the cookie
    expect((await thief.post('sign-out')).status).toBe(204);
  });

  test('ends everywhere, for this person and for nobody else', async () => {
    const [laptop, phone, other] = [visitor, createVisitor(suite), createVisitor(suite)];
    await laptop.signInAs(OWNER.uid);
    await phone.signInAs(OWNER.uid);
    await other.signInAs(userOf('demo', 'admin').uid);
    await laptop.post('sign-out', { everywhere: true });
    expect((await laptop.post('token')).status).toBe(401);
    expect((await phone.post('token')).status).toBe(401);
    expect((await other.post('token')).status).toBe(200);
  });

  test('is replaced by a new one, so that a cookie planted before is worth nothing after', async () => {
    await visitor.signInAs(OWNER.uid);
    const planted = sessionCookie(visitor);
    await visitor.signInAs(userOf('demo', 'admin').uid);
    const thief = createVisitor(suite);
    thief.cookies.set(...planted);
    expect((await thief.post('token')).status).toBe(401);
    expect((await visitor.post('token')).body.uid).toBe(userOf('demo', 'admin').uid);
  });

  test('is in two halves: neither the cookie nor the document alone opens it', async () => {
    await visitor.signInAs(OWNER.uid);
    const [name, value] = sessionCookie(visitor);
    const [id = '', key = ''] = value.split('.');
    const store = createFirestore({
      projectId: suite.stack.project.id,
      database: '(default)',
      endpoint: suite.stack.firestore,
    });
    const documents = await store.query({
      collection: 'console_sessions',
      where: [['uid', '==', OWNER.uid]],
      limit: 10,
    });
    await store.close();
    const kept = JSON.stringify(documents);
    expect(documents.length).toBeGreaterThan(0);
    for (const secret of [id, key, suite.stack.identity.apiKey]) expect(kept).not.toContain(secret);
    expect(Object.keys(documents[0]?.fields ?? {}).sort()).toEqual(
      expect.arrayContaining(['created_at', 'expires_at', 'sealed', 'uid']),
    );
    const other = Buffer.alloc(32, 7).toString('base64url');
    for (const forged of [`${id}.${other}`, `${documents[0]?.id}.${key}`, id, `.${key}`, '', 'x'.repeat(5000)]) {
      const thief = createVisitor(suite);
      thief.cookies.set(name, forged);
      expect([forged.slice(0, 30), (await thief.post('token')).status]).toEqual([forged.slice(0, 30), 401]);
    }
    expect((await visitor.post('token')).status).toBe(200);
  });

  test('lasts twelve hours', async () => {
    await visitor.signInAs(OWNER.uid);
    suite.stack.clock.advance(12 * HOUR - 60);
    expect((await visitor.post('token')).status).toBe(200);
    suite.stack.clock.advance(120);
    expect((await visitor.post('token')).status).toBe(401);
  });

  test('of staff lasts an hour', async () => {
    await visitor.signInAs(STAFF.uid);
    const { body } = await visitor.post('token');
    expect(body).toMatchObject({ staff: true, second_factor: true });
    suite.stack.clock.advance(HOUR - 60);
    expect((await visitor.post('token')).status).toBe(200);
    suite.stack.clock.advance(120);
    const late = await visitor.post('token');
    expect([late.status, late.body.refusal]).toEqual([401, 'session_ended']);
    expect(visitor.cookies.size).toBe(0);
  });

  test('outlives an outage of Identity Platform', async () => {
    await visitor.signInAs(OWNER.uid);
    suite.stack.recorder.inject({ service: 'identity', method: 'token', code: 'UNAVAILABLE', times: 3 });
    const failed = await visitor.post('token');
    expect([failed.status, failed.body.code]).toEqual([503, 'dependency_unavailable']);
    expect(failed.headers.get('retry-after')).toBe('5');
    expect((await visitor.post('token')).status).toBe(200);
  });
});

describe('the page', () => {
  test.each(['/console', '/console/', '/console/licenses', '/console/licenses/lic_1/holders'])(
    'is at %s',
    async (path) => {
      const { status, headers, text } = await suite.send('GET', path);
      expect([status, headers.get('cache-control')]).toEqual([200, 'no-cache']);
      expect(text).toMatch(/<script type="module" src="\/console\/assets\/main-\w+\.js"><\/script>/);
      expect(text.match(/<script/g)).toHaveLength(1);
      expect(text).not.toMatch(/<style|\son\w+=|\sstyle=|javascript:/i);
      const policy = headers.get('content-security-policy') ?? '';
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(policy.split('; ')).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "script-src 'self'",
          "frame-ancestors 'none'",
          "form-action 'none'",
        ]),
      );
    },
  );

  test.each([
    ['/console', '/console/%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
    ['/console', '/console?sign_in=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E'],
    ['/console/portal', '/console/portal?accent=%22%3E%3Csvg%20onload%3Dalert(1)%3E'],
  ])('says nothing of what is in its address: %s, %s', async (plain, hostile) => {
    expect((await suite.send('GET', hostile)).text).toBe((await suite.send('GET', plain)).text);
  });

  test('has files whose names change with their content, good for ever', async () => {
    const page = (await suite.send('GET', '/console')).text;
    const files = [...page.matchAll(/\/console\/assets\/[\w.-]+/g)].map(([path]) => path);
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const path of files) {
      const { status, headers } = await suite.send('GET', path, undefined, undefined, { 'accept-encoding': 'gzip' });
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable']);
      expect(headers.get('content-encoding')).toBe('gzip');
    }
    for (const name of ['manifest.json', '..%2fmanifest.json', 'main.js', '%00', 'constructor']) {
      expect([name, (await suite.send('GET', `/console/assets/${name}`)).status]).toEqual([name, 404]);
    }
  });
});
