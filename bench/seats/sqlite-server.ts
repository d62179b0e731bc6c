/**
 * SQLite as a small licence server uses it: one process, one file with a write-ahead log, one transaction a request, synced
 * before it is answered. Requests and answers are lines of JSON over a loopback socket, which is less than HTTP costs.
 *
 *     node sqlite-server.ts FILE
 */
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';

/** What is asked; each is answered with one line, in their order. */
export type SqliteRequest =
  | { readonly op: 'create'; readonly license: string; readonly seats: number }
  | { readonly op: 'claim'; readonly license: string; readonly holder: string; readonly session: string }
  | { readonly op: 'count'; readonly license: string };

const LEASE = 360_000;

const database = new DatabaseSync(process.argv[2] ?? ':memory:');
database.exec(`
  pragma journal_mode = wal;
  pragma synchronous = full;
  create table licenses (id text primary key, max_seats int not null);
  create table sessions (
    id text primary key, license_id text not null references licenses, holder text not null, expires_at int not null,
    unique (license_id, holder)) without rowid;
  create index live on sessions (license_id, expires_at);`);
const create = database.prepare('insert into licenses values (?, ?)');
const count = database.prepare('select count(*) as n from sessions where license_id = ?');
// Counted and inserted under the one lock that writers have, as a check that cannot race.
const claim = database.prepare(`
  insert into sessions select ?, l.id, ?, ? from licenses l
  where l.id = ? and (select count(*) from sessions s where s.license_id = l.id and s.expires_at > ?) < l.max_seats`);

function perform(request: SqliteRequest): number {
  switch (request.op) {
    case 'create':
      return Number(create.run(request.license, request.seats).changes);
    case 'count':
      return Number(count.get(request.license)?.['n']);
    case 'claim': {
      const { license, holder, session } = request;
      const now = Date.now();
      return Number(claim.run(session, holder, now + LEASE, license, now).changes);
    }
    default:
      return request satisfies never;
  }
}

const server = createServer((socket) => {
  createInterface({ input: socket }).on('line', (line) => socket.write(`${perform(JSON.parse(line))}\n`));
});
server.listen(0, '127.0.0.1', () => process.send?.(server.address()));
process.once('disconnect', () => process.exit());
