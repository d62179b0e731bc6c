import { execFile } from 'node:child_process';
import { access, glob, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { startLeashed } from '#local/firestore/leashed-process.ts';

export const run = promisify(execFile);

/** A database server of our own on loopback, with its data in a directory that goes with it. */
export interface Server {
  readonly port: number;
  close(): Promise<void>;
}

export interface ServerOptions {
  /** A command prefix that makes the server run as another user. */
  readonly as: readonly string[];
  prepare(directory: string): Promise<unknown>;
  command(directory: string, port: number): readonly string[];
  /** Rejects until the server answers. */
  probe(port: number): Promise<unknown>;
}

const READY_WITHIN = 30_000;
const POLL = 50;

export async function startServer({ as, prepare, command, probe }: ServerOptions): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  await prepare(directory);
  const port = await freePort();
  const child = startLeashed([...as, ...command(directory, port)]);
  const close = async () => {
    await child.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const deadline = performance.now() + READY_WITHIN;
  for (;;) {
    try {
      await probe(port);
      return { port, close };
    } catch (cause) {
      if (performance.now() > deadline) {
        await close();
        throw new Error(`the server did not start:\n${child.output()}`, { cause });
      }
      await sleep(POLL);
    }
  }
}

/** The first program of that name, on the path or where the pattern says. */
export async function findProgram(name: string, pattern?: string): Promise<string | undefined> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const found = await access(join(directory, name)).then(
      () => join(directory, name),
      () => undefined,
    );
    if (found !== undefined) return found;
  }
  if (pattern !== undefined) for await (const found of glob(pattern)) return found;
  return undefined;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
