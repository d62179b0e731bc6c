import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { BusyError, patiently } from '#local/patience.ts';
import { type Stack, startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';

/** The suite as a system test drives it: real HTTP to a stack of its own, on free ports, with fresh data. */
export interface Suite {
  readonly stack: Stack;
  readonly tokens: Readonly<Record<string, string>>;
  readonly log: readonly string[];
  /** A fresh licence of the demo tenant. */
  license(seats: number): Promise<{ license_id: string; license_key: string }>;
  send(method: string, path: string, body?: unknown, token?: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body: unknown, token?: string): Promise<Reply>;
}

/** A suite whose end is its owner's business. */
export interface RunningSuite extends Suite {
  close(): Promise<void>;
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape and assert what they find
  readonly body: any;
}

/** Key material is kept from run to run below the project, since an RSA-4096 key takes seconds to make. */
const DIRECTORY = resolve(import.meta.dirname, '../../.local/test');

export async function startSuite(options: { readonly directory?: string } = {}): Promise<RunningSuite> {
  const log: string[] = [];
  const stack = await startStack({ directory: options.directory ?? DIRECTORY, port: 0, log: (line) => log.push(line) });
  const tokens = await createTokens(stack);

  const send: Suite['send'] = async (method, path, body, token, headers = {}) => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await fetch(`${stack.gateway}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${tokens[token] ?? token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = text !== '' && /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : undefined };
  };

  return {
    stack,
    tokens,
    log,
    send,
    post: (path, body, token) => send('POST', path, body, token),
    license: (seats) => createLicense(send, seats),
    close: () => stack.close(),
  };
}

/**
 * Without an Idempotency-Key, whose derivation takes more processor time than all else of the request: an attempt that a
 * busy machine has answered too late may leave a licence that nobody knows of.
 */
function createLicense(send: Suite['send'], max_seats: number): Promise<Reply['body']> {
  const expires_at = new Date(Date.now() + 365 * 86_400_000).toISOString();
  const sold = { tier: 'professional', max_seats, expires_at, features: ['export', 'collaboration'] };
  const attempt = async () => {
    const { status, text, body } = await send('POST', '/api/v1/licenses', { tenant_id: DEMO_TENANT, ...sold }, 'staff');
    if (status === 201) return body;
    const message = `a licence was answered with ${status}: ${text}`;
    throw status === 503 ? new BusyError(message) : new Error(message);
  };
  return patiently(attempt, () => undefined);
}

/**
 * A suite for the tests of a file, or of a `describe`: started before the first, stopped after the last; faults that a
 * test has injected end with it. Its members can be used from hooks and tests, not while the file is being read.
 */
export function useSuite(): Suite {
  let running: RunningSuite | undefined;
  const suite = (): RunningSuite => {
    if (running === undefined) throw new TypeError('the suite runs only within hooks and tests');
    return running;
  };
  beforeAll(async () => {
    running = await startSuite();
  });
  afterEach(() => running?.stack.recorder.forgetFaults());
  afterAll(() => running?.close());
  return {
    get stack() {
      return suite().stack;
    },
    get tokens() {
      return suite().tokens;
    },
    get log() {
      return suite().log;
    },
    license: (seats) => suite().license(seats),
    send: (...request) => suite().send(...request),
    post: (...request) => suite().post(...request),
  };
}

export const scratch = (): Promise<string> => mkdtemp(join(tmpdir(), 'countersign-'));

export const run = promisify(execFile);

/** How many answers there were of each status. */
export function tally(replies: readonly Reply[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
