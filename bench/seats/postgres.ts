import { chown } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Client, Pool } from 'pg';
import { findProgram, run, type Server, startServer } from './server.ts';
import type { Answer, Contender } from './storm.ts';

const CONNECTIONS = 20;
const USER = 'postgres';

const SCHEMA = `
  create table licenses (id text primary key, max_seats int not null, seats_used int not null);
  create table sessions (
    id text primary key, license_id text not null references licenses, holder text not null,
    expires_at timestamptz not null, unique (license_id, holder));
  create index on sessions (license_id, expires_at);
  create function acquire(license text, session text, machine text) returns boolean language plpgsql as $$
  declare free boolean;
  begin
    select seats_used < max_seats into free from licenses where id = license for update;
    if free then
      update licenses set seats_used = seats_used + 1 where id = license;
      insert into sessions values (session, license, machine, now() + interval '6 minutes');
    end if;
    return free;
  end $$;`;

/** PostgreSQL with its settings as they are, so with fsync. Undefined when it is not installed. */
export async function startPostgres(): Promise<Server | undefined> {
  const initdb = await findProgram('initdb', '/usr/lib/postgresql/*/bin/initdb');
  if (initdb === undefined) return undefined;
  // It refuses to run as root.
  const root = process.getuid?.() === 0;
  const as = root ? ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'] : [];
  const [first = initdb, ...rest] = [...as, initdb];
  const server = await startServer({
    as,
    async prepare(directory) {
      if (root) await chown(directory, await idOf('-u'), await idOf('-g'));
      await run(first, [...rest, '-D', join(directory, 'data'), '-U', USER, '-A', 'trust']);
    },
    command: (directory, port) => [
      ...[join(dirname(initdb), 'postgres'), '-D', join(directory, 'data'), '-p', String(port)],
      ...['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    ],
    async probe(port) {
      const client = new Client(address(port));
      client.on('error', () => undefined);
      await client.connect();
      await client.end();
    },
  });
  const client = new Client(address(server.port));
  await client.connect();
  await client.query(SCHEMA);
  await client.end();
  return server;
}

const idOf = async (flag: '-u' | '-g') => Number((await run('id', [flag, USER])).stdout);

const address = (port: number) => ({ host: '127.0.0.1', port, user: USER, database: USER });

/** A transaction from the client that locks the licence's row, as a web framework's ORM would send it. */
export const createRowLock = (name: string, { port }: Server): Contender =>
  contender(name, port, async (pool, license, holder) => {
    const client = await pool.connect();
    try {
      await client.query('begin');
      const found = await client.query({
        name: 'lock',
        text: 'select max_seats - seats_used as free from licenses where id = $1 for update',
        values: [license],
      });
      const granted = Number(found.rows[0]?.free) > 0;
      if (granted) {
        await client.query({
          name: 'count',
          text: 'update licenses set seats_used = seats_used + 1 where id = $1',
          values: [license],
        });
        await client.query({
          name: 'insert',
          text: "insert into sessions values ($1, $2, $3, now() + interval '6 minutes')",
          values: [crypto.randomUUID(), license, holder],
        });
      }
      await client.query('commit');
      return granted ? 'granted' : 'refused';
    } finally {
      client.release();
    }
  });

/** The same in one call of a stored function: the least that a row lock can cost. */
export const createStoredFunction = (name: string, { port }: Server): Contender =>
  contender(name, port, async (pool, license, holder) => {
    const values = [license, crypto.randomUUID(), holder];
    const { rows } = await pool.query({ name: 'acquire', text: 'select acquire($1, $2, $3) as granted', values });
    return rows[0]?.granted === true ? 'granted' : 'refused';
  });

const contender = (
  name: string,
  port: number,
  claim: (pool: Pool, license: string, holder: string) => Promise<Answer>,
): Contender => ({
  name,
  async open(seats, taken) {
    const pool = new Pool({ ...address(port), max: CONNECTIONS });
    const license = crypto.randomUUID();
    await pool.query('insert into licenses values ($1, $2, 0)', [license, seats]);
    // All connections are open before the storm, as they would be in a server that has been up.
    await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.query('select pg_sleep(0.05)')));
    await Promise.all(Array.from({ length: taken }, (_, index) => claim(pool, license, `resident-${index}`)));
    return {
      claim: (client) => claim(pool, license, client),
      async holders() {
        const { rows } = await pool.query('select count(*) as n from sessions where license_id = $1', [license]);
        return Number(rows[0]?.n);
      },
      costs: () => undefined,
      close: () => pool.end(),
    };
  },
});
