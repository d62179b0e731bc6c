import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FunctionProcess, startFunctionProcess } from '../../system/function-process.ts';
import { type RunningSuite, startSuite } from '../../system/suite.ts';

/** Every function at the size of its container, under the worst requests that it allows. The table is printed. */

const MIB = 1024 * 1024;
const TERRAFORM = readFileSync(resolve(import.meta.dirname, '../../../terraform/functions.tf'), 'utf8');

/** As terraform/functions.tf has them: bytes of the container, and requests at a time. */
function sizeOf(name: string): { readonly memory: number; readonly concurrency: number } {
  const own = new RegExp(`^\\s*${name}\\s*=\\s*\\{([^}]*)\\}`, 'm').exec(TERRAFORM)?.[1] ?? '';
  const read = (size: string) =>
    new RegExp(`${size}\\s*=\\s*"?(\\d+)`).exec(own)?.[1] ??
    new RegExp(`${size}\\s*=\\s*"?(\\d+)`).exec(TERRAFORM)?.[1];
  return { memory: Number(read('memory')) * MIB, concurrency: Number(read('concurrency')) };
}

let suite: RunningSuite;
const rows: string[] = [];
beforeAll(async () => {
  suite = await startSuite();
});
afterAll(async () => {
  process.stdout.write(`\n${rows.join('\n')}\n`);
  await suite.close();
});

interface Wanted {
  readonly method?: string;
  readonly path: string;
  readonly body?: string | Buffer;
  readonly token?: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

/** @returns the status; 0 when the connection was cut */
function send({ port }: FunctionProcess, { method = 'POST', path, body, token }: Wanted): Promise<number> {
  const headers = {
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${suite.tokens[token]}` }),
  };
  return new Promise((done) => {
    const sent = request({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      response.resume().once('end', () => done(response.statusCode ?? 0));
    });
    sent.once('error', () => done(0));
    sent.end(body);
  });
}

/** Sends so many requests with as many at a time as Cloud Run would. */
async function storm(running: FunctionProcess, concurrency: number, count: number, next: (index: number) => Wanted) {
  const answered = new Map<number, number>();
  let begun = 0;
  const worker = async () => {
    while (begun < count) {
      const status = await send(running, next(begun++));
      answered.set(status, (answered.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, count) }, worker));
  return Object.fromEntries(answered);
}

/** Runs one load at the function's size; its process must survive, within the memory of its container. */
async function underLoad(
  name: string,
  load: string,
  run: (running: FunctionProcess, concurrency: number) => Promise<Readonly<Record<number, number>>>,
  env: Record<string, string> = {},
) {
  const { memory, concurrency } = sizeOf(name);
  // V8 takes about half of a small container for its heap by itself.
  const flags = [`--max-old-space-size=${memory / MIB / 2}`];
  const running = await startFunctionProcess(suite.stack, name, {
    flags,
    env: { RATE_LIMIT_PER_HOUR: '1000000', ...env },
  });
  try {
    const answered = await run(running, concurrency);
    expect(running.isRunning()).toBe(true);
    const peak = running.peak();
    rows.push(
      `${name.padEnd(16)} ${load.padEnd(58)} ${String(Math.round(peak / MIB)).padStart(4)} of ${memory / MIB} MiB ${JSON.stringify(answered)}`,
    );
    expect(answered[0]).toBeUndefined();
    if (process.platform === 'linux') expect(peak).toBeLessThan(memory);
    return answered;
  } finally {
    await running.stop('SIGTERM');
  }
}

const repeated = (piece: string, bytes: number) => piece.repeat(Math.floor(bytes / piece.length));
const task = (payload: string) => Buffer.from(`{"payload":${payload}}`);
const members = (count: number, name: (index: number) => string) =>
  `{${Array.from({ length: count }, (_, index) => `"${name(index)}":1`).join(',')}}`;
/** One less than a request may have, whose own is `payload`. */
const MOST_MEMBERS = 99_999;
const short = (index: number) => index.toString(36);
const long = (index: number) => String(index).padStart(95, 'n');

const WORST_TASKS: readonly (readonly [string, () => Buffer, number])[] = [
  ['4 MiB of 1,1,…', () => task(`{"a":[${repeated('1,', 4 * MIB)}1]}`), 201],
  ['10 MiB of 1,1,…', () => task(`{"a":[${repeated('1,', 10 * MIB - 100)}1]}`), 201],
  ['10 MiB of {},{},…', () => task(`{"a":[${repeated('{},', 10 * MIB - 100)}{}]}`), 201],
  ['as many members as there may be', () => task(members(MOST_MEMBERS, short)), 201],
  ['as many members as there may be, with long names', () => task(members(MOST_MEMBERS, long)), 201],
  ['10 MiB of short members', () => task(members(1_000_000, short)), 400],
  ['10 MiB of one string', () => task(`{"a":"${repeated('a', 10 * MIB - 100)}"}`), 201],
  ['10 MiB of a string of two bytes a character', () => task(`{"a":"${repeated('é', 5 * MIB - 100)}"}`), 201],
  ['10 MiB of escapes', () => task(`{"a":"${repeated('\\u00e9', 10 * MIB - 100)}"}`), 201],
  ['10 MiB of brackets', () => task(`{"a":${repeated('[', 10 * MIB - 100)}`), 400],
  [
    '10 MiB of numbers that a double rounds',
    () => task(`{"a":[${repeated('9007199254740993,', 10 * MIB - 100)}1]}`),
    400,
  ],
  ['10 MiB of one number', () => task(`{"a":${repeated('9', 10 * MIB - 100)}}`), 400],
  ['10 MiB of one member twice', () => task(`{${repeated('"a":1,', 10 * MIB - 100)}"a":1}`), 400],
];

describe('task-payloads', () => {
  test.each(WORST_TASKS)('%s', async (load, make, expected) => {
    const body = make();
    const answered = await underLoad('task-payloads', load, (running, concurrency) =>
      storm(running, concurrency, 2 * concurrency, () => ({ path: '/api/v1/tasks', body, token: 'service' })),
    );
    expect(answered).toEqual({ [expected]: 2 * sizeOf('task-payloads').concurrency });
  });
});

describe('seats', () => {
  const licenseWith = async (seats: number, features: unknown) => {
    const body = {
      tenant_id: suite.stack.project.id && 'demo',
      tier: 'enterprise',
      max_seats: seats,
      expires_at: null,
      features,
    };
    const { body: created } = await suite.send(
      'POST',
      '/api/v1/licenses',
      { ...body, tenant_id: await tenant() },
      'staff',
      {
        'idempotency-key': crypto.randomUUID(),
      },
    );
    return String(created.license_key);
  };
  const tenant = async () => {
    const { body } = await suite.send('POST', '/api/v1/tenants', { name: 'Large', tier: 'enterprise' }, 'staff', {
      'idempotency-key': crypto.randomUUID(),
    });
    return String(body.tenant_id);
  };

  test('3,400 machines of a licence with as many features as one may have', async () => {
    const license_key = await licenseWith(
      3_400,
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`f${i}`, i])),
    );
    await underLoad('seats', '3,400 acquires, 4 KiB of features each', (running, concurrency) =>
      storm(running, concurrency, 3_400, (index) => ({
        path: '/api/v1/licenses/acquire',
        body: JSON.stringify({ license_key, hardware_id: `m${index}`, token_format: 'batch' }),
      })),
    );
  });

  test('3,400 acquires with bodies as large as they may be', async () => {
    const license_key = await licenseWith(10, []);
    await underLoad('seats', '3,400 acquires, bodies of 60 KiB', (running, concurrency) =>
      storm(running, concurrency, 3_400, (index) => ({
        path: '/api/v1/licenses/acquire',
        body: JSON.stringify({ license_key, hardware_id: `m${index}`, x: repeated('[1],', 60 * 1024) }),
      })),
    );
  });

  test('500 slow bodies leave the places to others within seconds', async () => {
    await underLoad('seats', '500 bodies that never end', async (running, concurrency) => {
      const sockets: Socket[] = [];
      const head =
        'POST /api/v1/licenses/acquire HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 60000\r\n\r\n{';
      const closed = Array.from(
        { length: concurrency },
        () =>
          new Promise<void>((done) => {
            const socket = connect(running.port, '127.0.0.1', () => socket.write(head));
            socket.on('error', () => undefined).resume();
            socket.once('close', () => done());
            sockets.push(socket);
          }),
      );
      const status = await send(running, { method: 'GET', path: '/health' });
      await Promise.all(closed);
      return { [status]: 1 };
    });
  }, 60_000);
});

test('license-signing: payloads as large as they may be', async () => {
  const payload = Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`m${i}`, 'xxxxxx']));
  await underLoad('license-signing', '1,000 payloads of 16 KiB', (running, concurrency) =>
    storm(running, concurrency, 1_000, () => ({
      path: '/api/v1/licenses/sign',
      token: 'service',
      body: JSON.stringify({ payload, token_format: 'batch' }),
    })),
  );
});

test('signed-urls: batches as large as they may be', async () => {
  const requests = Array.from({ length: 100 }, (_, i) => ({
    filename: `${i}/${'f'.repeat(800)}`,
    content_type: 'text/plain',
  }));
  await underLoad('signed-urls', '300 batches of 100', (running, concurrency) =>
    storm(running, concurrency, 300, () => ({
      path: '/api/v1/signed-urls',
      token: 'admin',
      body: JSON.stringify({ requests }),
    })),
  );
});

test('public-keys: licences that are none', async () => {
  await underLoad('public-keys', '3,000 verifications of 60 KiB', (running, concurrency) =>
    storm(running, concurrency, 3_000, (index) => ({
      path: '/api/v1/licenses/verify',
      body: `{"license_data":{"n":${index},"x":[${repeated('1,', 60 * 1024)}1]}}`,
    })),
  );
});

test('docs: the document and its page', async () => {
  await underLoad('docs', '2,000 documents', (running, concurrency) =>
    storm(running, concurrency, 2_000, (index) => ({
      method: 'GET',
      path: index % 2 ? '/api/openapi.json' : '/api/docs',
    })),
  );
});

test('admin: a hundred licences at once', async () => {
  const { body } = await suite.send('POST', '/api/v1/tenants', { name: 'Bulk', tier: 'enterprise' }, 'staff', {
    'idempotency-key': crypto.randomUUID(),
  });
  const features = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`feature-${i}`, i]));
  const license = { tenant_id: body.tenant_id, tier: 'enterprise', max_seats: 1, expires_at: null, features };
  await underLoad('admin', '40 bulks of 100 licences', (running, concurrency) =>
    storm(running, concurrency, 40, () => ({
      path: '/api/v1/licenses/bulk',
      token: 'staff',
      body: JSON.stringify({ licenses: Array.from({ length: 100 }, () => license) }),
    })),
  );
});

test.each([
  ['session-reaper', '/internal/sessions/reap'],
  ['key-rotation', '/internal/keys/rotate'],
])('%s: run again and again', async (name, path) => {
  suite.stack.clock.advance(3_600);
  await underLoad(name, '30 runs', (running) => storm(running, 1, 30, () => ({ path, token: 'scheduler' })));
});
