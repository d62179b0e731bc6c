import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Server } from './server.ts';
import type { SqliteRequest } from './sqlite-server.ts';
import type { Contender } from './storm.ts';

/** A process with a SQLite file of its own, through Node's own `node:sqlite`. */
export async function startSqlite(): Promise<Server> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-bench-'));
  const program = join(import.meta.dirname, 'sqlite-server.ts');
  const child = fork(program, [join(directory, 'seats.db')], { execArgv: ['--disable-warning=ExperimentalWarning'] });
  const [{ port }] = await once(child, 'message');
  return {
    port,
    async close() {
      child.disconnect();
      await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export const createSqlite = (name: string, { port }: Server): Contender => ({
  name,
  async open(seats, taken) {
    const { ask, close } = await openConnection(port);
    const license = crypto.randomUUID();
    const claim = async (holder: string) =>
      (await ask({ op: 'claim', license, holder, session: crypto.randomUUID() })) === 1 ? 'granted' : 'refused';
    await ask({ op: 'create', license, seats });
    await Promise.all(Array.from({ length: taken }, (_, index) => claim(`resident-${index}`)));
    return { claim, holders: () => ask({ op: 'count', license }), costs: () => undefined, close };
  },
});

/** Requests of one connection are sent at once and answered in their order. */
async function openConnection(port: number) {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  const waiting: ((answer: number) => void)[] = [];
  createInterface({ input: socket }).on('line', (line) => waiting.shift()?.(Number(line)));
  return {
    ask: (request: SqliteRequest) =>
      new Promise<number>((resolve) => {
        waiting.push(resolve);
        socket.write(`${JSON.stringify(request)}\n`);
      }),
    async close() {
      socket.end();
      await once(socket, 'close');
    },
  };
}
