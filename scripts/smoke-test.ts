import * as z from 'zod';

/**
 * `node scripts/smoke-test.ts`: the console's page and files; sign, verify, acquire, heartbeat, release, as a back end and
 * as a machine, at an address.
 * SMOKE_URL; SMOKE_TOKEN is a service's OIDC token; SMOKE_LICENSE_KEY is a licence's, or `none` where there is no
 * licence yet. Each step prints a line; the first that does not go well ends it with status 1.
 */
const settings = z
  .object({ SMOKE_URL: z.url(), SMOKE_TOKEN: z.string().min(1), SMOKE_LICENSE_KEY: z.string().min(1) })
  .parse(process.env);

const TIMEOUT = 20_000;

async function ask(what: string, path: string, body: unknown, token?: string): Promise<unknown> {
  const response = await fetch(new URL(path, settings.SMOKE_URL), {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT),
  });
  // An error response holds a code and a request id; a success may hold a secret and is never printed.
  if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
  process.stdout.write(`${what}: ${response.status}\n`);
  return response.json();
}

/** The page, and the first script that it names: a release that lost its files would show a blank page. */
async function openConsole(): Promise<void> {
  const front = await read('the front page', '/');
  if (!front.includes('href="/console"')) throw new Error('the front page: it does not lead to the console');
  const page = await read('the console', '/console');
  const script = /src="(\/console\/assets\/[\w.-]+\.js)"/.exec(page)?.[1];
  if (script === undefined) throw new Error('the console: its page names no script');
  await read('its script', script);
}

async function read(what: string, path: string): Promise<string> {
  const response = await fetch(new URL(path, settings.SMOKE_URL), { signal: AbortSignal.timeout(TIMEOUT) });
  if (!response.ok) throw new Error(`${what}: ${response.status} ${await response.text()}`);
  process.stdout.write(`${what}: ${response.status}\n`);
  return response.text();
}

const signed = z.object({ license_data: z.record(z.string(), z.unknown()) });
const judged = z.object({ valid: z.literal(true) });

async function signAndVerify(): Promise<void> {
  const payload = { purpose: 'smoke test' };
  const { license_data } = signed.parse(await ask('sign', '/api/v1/licenses/sign', { payload }, settings.SMOKE_TOKEN));
  judged.parse(await ask('verify', '/api/v1/licenses/verify', { license_data }));
}

async function holdASeat(license_key: string): Promise<void> {
  const seat = z
    .object({ session_id: z.string(), license_data: signed.shape.license_data })
    .parse(await ask('acquire', '/api/v1/licenses/acquire', { license_key, hardware_id: 'smoke-test' }));
  const { session_id, license_data } = seat;
  judged.parse(await ask('verify the seat', '/api/v1/licenses/verify', { license_data }));
  await ask('heartbeat', '/api/v1/licenses/heartbeat', { session_id });
  await ask('release', '/api/v1/licenses/release', { session_id });
}

await ask('keys', '/.well-known/jwks.json', undefined);
await openConsole();
await signAndVerify();
if (settings.SMOKE_LICENSE_KEY === 'none') process.stdout.write('no licence yet: no seat was taken\n');
else await holdASeat(settings.SMOKE_LICENSE_KEY);
