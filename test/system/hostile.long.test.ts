import { expect, test } from 'vitest';
import * as z from 'zod';
import { CONTRACT } from '#shared/contract/index.ts';
import { PROBLEMS } from '#shared/http/problem.ts';
import { createHour, createWorld, RULES, type Wish } from './authorisation-rules.ts';
import { drawHostile, type Hostile, type Operation, type Schema } from './hostile-requests.ts';
import { createDraw } from './hostile-values.ts';
import { sendBytes, type WireAnswer } from './hostile-wire.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();

/** The same requests with every run; another seed draws others. */
const SEED = Number(process.env['HOSTILE_SEED'] ?? 20_261);
const REQUESTS = 3_000;
/** Between two batches the clock goes on by an hour, so that the limits are not all that is met. */
const BATCH = 200;
const AT_ONCE = 16;

const CALLERS = [
  'owner',
  'staff',
  'service',
  'scheduler',
  'admin',
  'member',
  'guest',
  'other_tenant_owner',
  'worker',
] as const;

/** Headers that an answer may have: whatever else there is tells of what we are made of, or was smuggled in. */
const KNOWN_HEADERS = new Set(
  `access-control-allow-headers access-control-allow-methods access-control-allow-origin access-control-max-age allow
  cache-control connection content-encoding content-length content-security-policy content-type
  cross-origin-opener-policy date etag keep-alive
  link location ratelimit-limit ratelimit-remaining ratelimit-reset referrer-policy retry-after
  set-cookie strict-transport-security vary www-authenticate x-content-type-options x-next-cursor x-request-id`.split(
    /\s+/,
  ),
);

/** What only our own side knows: frames of a stack, files, what Google's clients say, and what our services are called. */
const INTERNAL = [
  /\n\s+at |node_modules|node:internal|file:\/\/|\/work\/|\.ts\b|\.js:\d|polluted/,
  /firestore|\bkms\b|\bgrpc\b|googleapis|cannot read propert|is not a function/i,
  /PERMISSION_DENIED|INVALID_ARGUMENT|NOT_FOUND|UNAVAILABLE|ECONN|ENOENT|(Type|Range|Syntax|Zod)Error/,
];

const problemBody = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string(),
  code: z.enum(Object.keys(PROBLEMS)),
  request_id: z.string(),
});
const statusOf = new Map<string, number>(Object.entries(PROBLEMS).map(([code, { status }]) => [code, status]));

/** Whatever is wrong with an answer. */
function faultsOf({ status, headers, body }: WireAnswer, sent: Hostile): string[] {
  const { 'transfer-encoding': _, ...others } = headers; // Node's own, of a bare answer
  const unknown = Object.keys(others).filter((name) => !KNOWN_HEADERS.has(name));
  const faults = unknown.map((name) => `has the header ${name}`);
  if (status >= 500 || Number.isNaN(status)) faults.push('is our fault');
  if (status < 400) return faults;
  const all = `${Object.values(headers).join('\n')}\n${body}`;
  if (all.includes(suite.stack.project.id)) faults.push('tells the project');
  for (const pattern of INTERNAL) {
    const [told] = pattern.exec(all) ?? [];
    if (told !== undefined) faults.push(`tells ${JSON.stringify(told)}`);
  }
  // What is no HTTP is refused by Node before any request exists, with a status and nothing else.
  const bare = headers['x-request-id'] === undefined;
  if (bare) return [400, 431].includes(status) && sent.wire && body === '' ? faults : [...faults, 'is bare'];
  if (headers['content-type'] !== 'application/problem+json') return [...faults, `is ${headers['content-type']}`];
  if (sent.method === 'HEAD') return faults;
  const { data } = problemBody.safeParse(parsed(body));
  if (data === undefined) return [...faults, 'is no problem'];
  if (data.status !== status || statusOf.get(data.code) !== status) faults.push(`says ${data.status} ${data.code}`);
  if (data.type !== `urn:countersign:problem:${data.code}`) faults.push(`says ${data.type}`);
  if (data.request_id !== headers['x-request-id']) faults.push('has two request ids');
  return faults;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
type Loose = any;

/** Every route, those of the console's page included, with a request that would succeed, about things that are there. */
async function operations(): Promise<Operation[]> {
  const document: Loose = (await suite.send('GET', '/api/openapi.json')).body;
  const world = createWorld(suite, createHour(suite));
  const routes = Object.values(CONTRACT).flat();
  return Promise.all(
    routes.map(async ({ id, method, path, pageOnly, body: own }) => {
      const [rule] = RULES[id] ?? [];
      const wish: Wish = rule === undefined ? {} : await rule.wish(world);
      const spec = document.paths[path]?.[method.toLowerCase()];
      expect([id, spec === undefined]).toEqual([id, pageOnly === true]);
      const undocumented = pageOnly === true && own !== undefined ? z.toJSONSchema(own, { io: 'input' }) : {};
      const schema: Schema = spec?.requestBody?.content['application/json'].schema ?? undocumented;
      const { params = {}, query, body } = wish;
      const members = body === undefined ? undefined : Object(body);
      const request = { id, method, path, params, query: query === undefined ? [] : [query], body: members };
      // A pass of the dispatcher may be asked to last for 55 s, for which nobody waits here.
      return { ...request, schema: id === 'dispatchWebhooks' ? {} : schema };
    }),
  );
}

test(`${REQUESTS} hostile requests: nothing breaks, nothing is told, and the suite works afterwards`, async () => {
  const draw = createDraw(SEED);
  const port = Number(new URL(suite.stack.gateway).port);
  const prototype = Object.getOwnPropertyNames(Object.prototype);
  const faults: string[] = [];
  const statuses: Record<string, number> = {};

  async function attack(number: number, sent: Hostile): Promise<void> {
    const answers = await sendBytes(port, sent.bytes, sent.method, sent.hangUp).catch((error: Error) => error);
    const about = `seed ${SEED}, request ${number} (${sent.what})`;
    if (answers instanceof Error) return void faults.push(`${about}: ${answers.message}`);
    if (answers.length === 0 && !sent.hangUp) faults.push(`${about}: no answer`);
    for (const answer of answers) {
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      for (const fault of faultsOf(answer, sent)) {
        faults.push(`${about}: ${answer.status} ${fault}: ${answer.body.slice(0, 200)}`);
      }
    }
  }

  for (let first = 0; first < REQUESTS; first += BATCH) {
    suite.stack.clock.advance(3600);
    const targets = await operations();
    const batch = Array.from({ length: BATCH }, (_, index) => {
      const operation = targets[(first + index) % targets.length];
      if (operation === undefined) throw new TypeError('the document has operations');
      const { access = [] } =
        Object.values(CONTRACT)
          .flat()
          .find(({ id }) => id === operation.id) ?? {};
      const welcome = CALLERS.filter((caller) => access.some((one) => one === caller));
      const caller = draw.chance(0.75) && welcome.length > 0 ? draw.one(welcome) : draw.one([...CALLERS, undefined]);
      return drawHostile(draw, operation, caller === undefined ? undefined : suite.tokens[caller]);
    });
    let next = 0;
    const worker = async () => {
      for (let at = next++; at < batch.length; at = next++) {
        const sent = batch[at];
        if (sent !== undefined) await attack(first + at, sent);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  expect(faults).toEqual([]);
  // A job that was started may find its payload shredded; nothing else has gone wrong.
  const failures = suite.log.filter(
    (line) => /"severity":"(ERROR|ALERT)"/.test(line) && !line.includes('"task_failed"'),
  );
  expect(failures).toEqual([]);
  // Whoever has a session's id holds its seat: it is in the path of one route, and must not be in the log of any.
  expect(suite.log.filter((line) => /lic_\w{12}\.[\w-]{43}/.test(line))).toEqual([]);
  expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(prototype);
  // Requests of every fate, or the generator has stopped getting anywhere.
  for (const status of [200, 201, 400, 401, 403, 404, 405, 413, 415]) {
    expect([status, (statuses[status] ?? 0) > 0]).toEqual([status, true]);
  }
  await expectItWorks();
}, 180_000);

/** What the suite is for, for a tenant that nobody has touched. */
async function expectItWorks(): Promise<void> {
  suite.stack.clock.advance(3600);
  const { tenant_id } = (await suite.post('/api/v1/tenants', { name: 'After', tier: 'trial' }, 'staff')).body;
  const wanted = { tenant_id, tier: 'trial', max_seats: 1, expires_at: '2090-01-01T00:00:00Z' };
  const { license_key } = (await suite.post('/api/v1/licenses', wanted, 'staff')).body;
  const seat = await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'after' });
  const { session_id, license_data } = seat.body;
  const beat = await suite.post('/api/v1/licenses/heartbeat', { session_id });
  const verified = await suite.post('/api/v1/licenses/verify', { license_data });
  const released = await suite.post('/api/v1/licenses/release', { session_id });
  const signed = await suite.post('/api/v1/licenses/sign', { payload: { a: 1 } }, 'service');
  const keys = await suite.send('GET', '/.well-known/jwks.json');
  expect([seat, beat, verified, released, signed, keys].map(({ status }) => status)).toEqual([
    201, 200, 200, 200, 200, 200,
  ]);
  expect(verified.body.valid).toBe(true);
  expect(keys.body.keys.length).toBeGreaterThan(0);
}
