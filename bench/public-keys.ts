/**
 * Key sets a second from one process: public-keys as it is deployed, answering from memory with its line in the log,
 * beside a bare node:http server that sends the same bytes and headers and logs nothing. The third row is the same
 * answer by the ordinary way, through functions-framework. Server and load are processes of their own; the rounds are
 * interleaved. Exits with 1 below the target.
 *
 *     npm run bench public-keys
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from '#local/free-port.ts';
import { startStack } from '#local/stack.ts';
import { built } from './built.ts';
import { createReport } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const BUNDLE = join(ROOT, 'dist/public-keys/main.cjs');
const SELF = fileURLToPath(import.meta.url);
const PATH = '/.well-known/jwks.json';
const CONNECTIONS = 64;
const ROUND_MS = 1_500;
const ROUNDS = 9;
const TARGET = 0.8;
/** Node's own, which a bare server adds by itself. */
const OF_NODE = ['connection', 'date', 'keep-alive'];

/** In a child: what a node:http server can do at most. */
function serveBare(port: number, headers: Record<string, string>, text: string): void {
  const server = createServer((_, response) => {
    response.writeHead(200, headers);
    response.end(text); // a string leaves in one write with the headers, which is faster than bytes
  });
  server.keepAliveTimeout = 620_000; // as the function's: it is in a header
  server.listen(port, '127.0.0.1');
}

/** In a child: answers a second. A connection asks again when it has its answer; every answer has the same length. */
async function load(port: number, path: string): Promise<number> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nuser-agent: bench\r\n\r\n`);
  const length = await answerLength(port, request);
  let answers = 0;
  const sockets = Array.from({ length: CONNECTIONS }, () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(request)).setNoDelay(true);
    let received = 0;
    socket.on('data', (chunk) => {
      received += chunk.length;
      if (received < length) return;
      if (received > length) throw new Error('an answer of another length');
      received = 0;
      answers += 1;
      socket.write(request);
    });
    return socket;
  });
  await sleep(200);
  const [from, began] = [answers, performance.now()];
  await sleep(ROUND_MS);
  const rate = ((answers - from) * 1000) / (performance.now() - began);
  for (const socket of sockets) socket.destroy();
  return rate;
}

async function answerLength(port: number, request: Buffer): Promise<number> {
  const socket = connect(port, '127.0.0.1', () => socket.write(request));
  let text = '';
  for await (const chunk of socket) {
    text += String(chunk);
    const body = text.indexOf('\r\n\r\n') + 4;
    const told = /^content-length: (\d+)\r$/im.exec(text)?.[1];
    if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(text);
    if (body >= 4 && told !== undefined && text.length >= body + Number(told)) return body + Number(told);
  }
  throw new Error('no answer');
}

async function measured(port: number, path: string): Promise<number> {
  const child = fork(SELF, ['load', String(port), path]);
  const [rate] = await once(child, 'message');
  await once(child, 'exit');
  return Number(rate);
}

/** The first 200, asked for until it comes. */
async function firstAnswer(url: string): Promise<Response> {
  for (let tries = 0; tries < 500; tries += 1) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return answer;
    await sleep(20);
  }
  throw new Error(`${url} does not answer`);
}

const medianOf = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

async function compare(keep: (child: ChildProcess) => void, scratch: string): Promise<void> {
  const report = createReport('public-keys');
  const stack = await startStack({ directory: join(ROOT, '.local', 'bench'), log: () => undefined });
  try {
    const [ours, bare] = [await freePort(), await freePort()];
    const log = await open(join(scratch, 'log'), 'w');
    const env = { ...stack.environment('public-keys'), METADATA_SERVER_DETECTION: 'none', PORT: String(ours) };
    keep(spawn(process.execPath, [BUNDLE], { env, stdio: ['ignore', log.fd, 'inherit'] }));
    const answer = await firstAnswer(`http://127.0.0.1:${ours}${PATH}`);
    const headers = [...answer.headers].filter(([name]) => !OF_NODE.includes(name));
    const sent = JSON.stringify(Object.fromEntries(headers));
    keep(fork(SELF, ['bare', String(bare), sent, await answer.text()]));
    await firstAnswer(`http://127.0.0.1:${bare}${PATH}`);

    const cases = [
      { name: 'bare node:http', port: bare, path: PATH, rates: [] as number[] },
      { name: 'public-keys', port: ours, path: PATH, rates: [] as number[] },
      { name: 'public-keys, the ordinary way', port: ours, path: `${PATH}?`, rates: [] as number[] },
    ];
    for (const { port, path } of cases) await measured(port, path); // warm
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const { port, path, rates } of cases) rates.push(await measured(port, path));
    }
    const base = cases[0]?.rates ?? [];
    const ratio = (rates: readonly number[]) =>
      medianOf(rates.map((rate, round) => rate / (base[round] ?? Number.NaN)));
    report.table(
      `${CONNECTIONS} connections, medians of ${ROUNDS} rounds`,
      cases.map(({ name, rates }) => ({
        server: name,
        'answers/s': Math.round(medianOf(rates)),
        slowest: Math.round(Math.min(...rates)),
        fastest: Math.round(Math.max(...rates)),
        'of bare': Number(ratio(rates).toFixed(2)),
      })),
    );
    report.finish();
    await log.close();
    if (ratio(cases[1]?.rates ?? []) < TARGET) {
      console.error(`public-keys answers at less than ${TARGET} of a bare server's rate`);
      process.exitCode = 1;
    }
  } finally {
    await stack.close();
  }
}

const [mode, port = '', ...rest] = process.argv.slice(2);
if (mode === 'bare') {
  serveBare(Number(port || process.env['PORT']), JSON.parse(rest[0] ?? ''), rest[1] ?? '');
} else if (mode === 'load') {
  process.send?.(await load(Number(port), rest[0] ?? ''));
  process.disconnect?.();
} else {
  await built();
  const children: ChildProcess[] = [];
  const scratch = await mkdtemp(join(tmpdir(), 'countersign-public-keys-'));
  try {
    await compare((child) => children.push(child), scratch);
  } finally {
    for (const child of children) child.kill('SIGKILL');
    await rm(scratch, { recursive: true, force: true });
  }
}
