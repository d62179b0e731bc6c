import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunningFunction } from '#shared/http/function.ts';
import type { LogSink } from '#shared/logging/cloud-logging.ts';
import type { Environment } from '#shared/model/config.ts';
import { freePort } from './free-port.ts';

const READY_WITHIN_MS = 30_000;
const POLL_MS = 20;
const GRACE_MS = 10_000;

export const bundleOf = (folder: string, name: string): string => join(folder, name, 'main.cjs');

/**
 * Runs a function's bundle as its own process, as production does, behind a server that hands every request on.
 * It keeps real time: the local clock does not move it.
 * @param folder where `npm run build` has put the bundles
 * @throws Error when the bundle does not exist or does not become ready
 */
export async function startBundle(
  folder: string,
  name: string,
  environment: Environment,
  log: LogSink,
): Promise<RunningFunction> {
  const file = bundleOf(folder, name);
  await access(file).catch(() => {
    throw new Error(`${file} does not exist: run npm run build`);
  });
  const port = await freePort();
  const child = spawn(process.execPath, [file], {
    env: { ...environment, METADATA_SERVER_DETECTION: 'none', PORT: String(port) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  createInterface({ input: child.stdout }).on('line', log);
  const endChild = () => child.kill('SIGKILL');
  process.once('exit', endChild); // however this process ends, short of being killed itself

  const close = async () => {
    process.off('exit', endChild);
    child.kill('SIGTERM');
    const timer = setTimeout(endChild, GRACE_MS);
    await ended.finally(() => clearTimeout(timer));
  };
  const deadline = performance.now() + READY_WITHIN_MS;
  while (!(await answers(port))) {
    if (child.exitCode === null && performance.now() < deadline) await sleep(POLL_MS);
    else {
      await close();
      throw new Error(`The bundle of ${name} does not answer (exit code ${child.exitCode})`);
    }
  }
  return { name, server: forwarder(port), close };
}

async function answers(port: number): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
  return answer?.ok === true;
}

/** Forwards requests and responses unchanged. Connections are not reused: the function may exit at any moment. */
function forwarder(port: number): Server {
  return createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { method = 'GET', url = '/', rawHeaders } = incoming;
    const onward = request({ host: '127.0.0.1', port, method, path: url, headers: rawHeaders, agent: false });
    onward.once('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, withoutHops(answer.rawHeaders));
      answer.pipe(outgoing);
    });
    onward.once('error', () => {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(502).end();
    });
    outgoing.once('close', () => onward.destroy());
    incoming.pipe(onward);
  });
}

/** Without hop-by-hop headers (RFC 9110, section 7.6.1). */
function withoutHops(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const [name = '', value = ''] = [raw[i], raw[i + 1]];
    if (!['connection', 'keep-alive', 'transfer-encoding'].includes(name.toLowerCase())) kept.push(name, value);
  }
  return kept;
}
