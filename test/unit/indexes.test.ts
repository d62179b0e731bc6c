import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { adminQueries } from '#functions/admin/queries.ts';
import { billingQueries } from '#functions/billing/queries.ts';
import { queries as consoleQueries } from '#functions/console/queries.ts';
import { keyQueries } from '#shared/keys/store.ts';
import { licenseQueries } from '#shared/licenses/queries.ts';
import { auditFields } from '#shared/model/audit.ts';
import { borrowSlotFields } from '#shared/model/borrow-slot.ts';
import { denialFields } from '#shared/model/denial-record.ts';
import { keyEndingFields, keyFields } from '#shared/model/key-record.ts';
import { licenseFields } from '#shared/model/license.ts';
import { endedFields, sessionFields } from '#shared/model/session.ts';
import { invitationFields, memberFields, tenantFields } from '#shared/model/tenant.ts';
import { ticketFields } from '#shared/model/ticket.ts';
import { queries } from '#shared/seats/queries.ts';
import type { Query } from '#shared/store/store.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import { type Need, needOf } from '../../scripts/terraform/index-needs.ts';

/**
 * The emulator answers every query, index or not; the service refuses one whose index is missing. So the indexes are
 * derived here from every query that the code declares, and compared with the list that Terraform reads.
 */
const ROOT = resolve(import.meta.dirname, '../..');

const order = z.enum(['ASCENDING', 'DESCENDING']);
const fieldOf = z.strictObject({ collection: z.string(), field: z.string() });
const declared = z
  .strictObject({
    composite: z.array(
      z.strictObject({
        collection: z.string(),
        query_scope: z.literal('COLLECTION'),
        fields: z.array(z.strictObject({ field_path: z.string(), order })),
      }),
    ),
    exempt: z.array(fieldOf),
    ttl: z.array(fieldOf),
  })
  .parse(JSON.parse(readFileSync(join(ROOT, 'terraform/indexes.json'), 'utf8')));

/**
 * The queries of a file, each called with every set of filters that it can have. What is called is noted, so that a
 * query without an example is found.
 */
function examples<T extends object>(file: string, declared: T, build: (queries: T) => readonly Query[]) {
  const called = new Set<string | symbol>();
  const get = (target: T, name: string | symbol) => {
    called.add(name);
    return Reflect.get(target, name);
  };
  return { file, queries: build(new Proxy(declared, { get })), called, names: Object.keys(declared) };
}

const part = { limit: 1 };
const catalogue = [
  examples('functions/admin/queries.ts', adminQueries, (q) => [
    ...[q.tenants({}, part), q.tenants({ reference: 'r' }, part), q.members('t', part), q.licenses({}, part)],
    q.licenses({ tenant_id: 't', archived: false, status: 's', tier: 't', reference: 'r' }, part),
    ...[q.keysOf('l', part), q.keyById('l', 'k'), q.keysWithoutEnd('l', 1), q.keysUntilAfter('l', 0, 1)],
    ...[
      q.recalls('l'),
      q.denialsOf('l', part),
      q.sessionsOf('l', part),
      q.namedUsers('l', part),
      q.licensesThatName(part),
      q.keysOfUser('l', 'e', 1),
      q.usageBetween('l', '2026-01-01', '2026-01-31', 31),
      q.endedSince('l', 0, 1),
      q.invitations('t', part),
    ],
    ...[q.usersOf('e', part), q.invitationsOf('e', part), q.sessionsOfUser('e', part), q.denialsOfUser('e', part)],
    ...[q.queues(part), q.ticketsOfUser('l', 'e', 1)],
    ...[q.auditOfActor('e', part), q.auditOfSubject('e', part)],
    ...[{}, { tenant_id: 't' }, { license_id: 'l' }, { session: 's' }].map((filter) => q.audit(filter, part)),
    q.audit({ tenant_id: 't', license_id: 'l', session: 's' }, part),
  ]),
  examples('functions/billing/queries.ts', billingQueries, (q) => [q.tenantsOf('c'), q.licensesOf('t', 'i')]),
  examples('functions/console/queries.ts', consoleQueries, (q) => [q.ofPerson('u', 1)]),
  examples('shared/keys/store.ts', keyQueries, (q) => [q.revokedKeys()]),
  examples('shared/licenses/queries.ts', licenseQueries, (q) => [q.endedLicenses('t', 0, 1)]),
  examples('shared/seats/queries.ts', queries, (q) => [
    ...[
      q.openSeatsFrom('l', 0, 1),
      q.openSeatsBefore('l', 0, 1),
      { ...q.takenSeats('l'), limit: 1 },
      q.earliestLeaseEnds('l', 1),
    ],
    ...[
      q.expiredOf('l', 0, 1),
      q.expiredInShard(0, 0, 1),
      q.expiredInShard(0, 0, 1, [0, 's']),
      q.reconcilingLicenses(0, 1),
      q.borrowSlotsFrom('l', 0, 1),
      { ...q.borrowSlots('l'), limit: 1 },
      q.orphanSlots('l', 1),
      { ...q.borrowsUntilAfter('l', true, 0), limit: 1 },
      q.sessionsOfKey('k', 1),
      q.dueKeyEndings(0, 1),
    ],
    ...[
      q.ticketsInOrder('l', 1),
      q.ticketsInOrder('l', 1, ['r', 'p']),
      q.ticketByName('l', 't'),
      q.deadTickets('l', 0, 1),
    ],
    ...[
      { ...q.tickets('l'), limit: 1 },
      q.dueSweeps(0, 1),
      { ...q.endedSince('l', 0), limit: 1 },
      { ...q.machineSlotsOf('l', '2026-01-01'), limit: 1 },
    ],
  ]),
  examples('shared/webhooks/queries.ts', webhookQueries, (q) => [
    ...[q.webhooksOf('t'), q.webhooks(undefined, part), q.webhooks('t', part)],
    ...[q.failingWebhooks(0, 1), q.recoveringWebhooks(1), q.webhooksToMark(0, 1)],
    ...[q.licensesOf(undefined, part), q.licensesOf('t', part), q.dueNotices(0, 1), q.dueSeatLevels(0, 1)],
    ...[q.dueEvents(0, 0, 1), q.dueDeliveries(0, 0, 1), { ...q.pendingDeliveries(), limit: 1 }],
    ...[q.pendingDeliveriesOf('w', 1), q.deliveriesOf('w', undefined, part), q.deliveriesOf('w', 's', part)],
    ...[{}, { tenant_id: 't' }, { license_id: 'l' }, { tenant_id: 't', license_id: 'l' }].map((one) =>
      q.events(one, part),
    ),
    q.eventsOfSubject('e', part),
  ]),
];

const sources = () => globSync('{shared,functions}/**/*.ts', { cwd: ROOT }).sort();
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const needs = catalogue.flatMap((entry) => entry.queries.map(needOf));
const exempt = declared.exempt.map(({ collection, field }) => `${collection}.${field}`);

describe('the index a query needs', () => {
  const filter = (text: string): Query['where'][number] => [text[0] ?? '', text.slice(1) === '==' ? '==' : '>', 1];
  const direction = (text: string): [string, 'asc' | 'desc'] => [text.slice(1), text.startsWith('+') ? 'asc' : 'desc'];
  const cases: [string, string[], string[], Need][] = [
    ['equality alone', ['a=='], [], { singles: ['s.a'] }],
    ['two equalities', ['b==', 'a=='], [], { singles: ['s.a', 's.b'] }],
    ['a range', ['a>'], [], { singles: ['s.a'] }],
    ['a range in its order', ['a>'], ['-a'], { singles: ['s.a'] }],
    ['nothing but an order', [], ['+a', '+__name__'], { singles: ['s.a'] }],
    ['the name the other way', [], ['+a', '-__name__'], { composite: 's: a ASCENDING, __name__ DESCENDING' }],
    ['equality and its own order', ['a=='], ['+a'], { singles: ['s.a'] }],
    ['equality and a range', ['b==', 'a>'], [], { composite: 's: b ASCENDING, a ASCENDING' }],
    [
      'equality, a range and the name',
      ['b==', 'a>'],
      ['-a', '-__name__'],
      { composite: 's: b ASCENDING, a DESCENDING' },
    ],
    ['equality and an order', ['b=='], ['-a'], { composite: 's: b ASCENDING, a DESCENDING' }],
    ['two orders', [], ['+b', '-a'], { composite: 's: b ASCENDING, a DESCENDING' }],
  ];
  test.each(cases)('%s', (_name, where, orderBy, need) => {
    const query = { collection: 'l/x/s', where: where.map(filter), orderBy: orderBy.map(direction) };
    expect(needOf(query)).toEqual(need);
  });
});

describe('the declared list', () => {
  test('has every composite index that a query needs, and no other', () => {
    const needed = new Set(needs.flatMap((need) => ('composite' in need ? [need.composite] : [])));
    const listed = declared.composite.map(
      ({ collection, fields }) => `${collection}: ${fields.map((one) => `${one.field_path} ${one.order}`).join(', ')}`,
    );
    expect(listed.toSorted()).toEqual([...needed].sort());
  });

  test('exempts no field whose automatic index a query needs', () => {
    const single = needs.flatMap((need) => ('singles' in need ? need.singles : []));
    expect(single).not.toHaveLength(0);
    expect(single.filter((field) => exempt.includes(field))).toEqual([]);
  });

  test('exempts every time, since an index over one takes 500 writes a second', () => {
    const schemas = {
      ...{ audit: auditFields, ended_sessions: endedFields, licenses: licenseFields, members: memberFields },
      denials: denialFields,
      ...{ invitations: invitationFields, keys: keyFields, key_endings: keyEndingFields },
      borrows: borrowSlotFields,
      ...{ sessions: sessionFields, tenants: tenantFields, queue: ticketFields },
    };
    const times = Object.entries(schemas).flatMap(([collection, { shape }]) =>
      Object.keys(shape)
        .filter((field) => /(^|_)at$|^last_/.test(field))
        .map((field) => `${collection}.${field}`),
    );
    expect(times).toContain('sessions.last_heartbeat');
    const deletions = declared.ttl.map(({ collection, field }) => `${collection}.${field}`);
    expect([...times, ...deletions].filter((field) => !exempt.includes(field))).toEqual([]);
  });

  test('has a TTL policy for every collection whose documents say when to delete them', () => {
    const writers: Record<string, string | readonly string[]> = {
      'functions/admin/invitations.ts': 'invitations',
      'functions/admin/license-keys.ts': 'keys',
      'shared/idempotency/run-once.ts': 'idempotency',
      'functions/admin/reserve.ts': 'idempotency',
      'functions/console/portal.ts': ['portal_links', 'portal_sessions'],
      'functions/console/sessions.ts': 'console_sessions',
      'functions/seats/denial-events.ts': 'events',
      'functions/seats/denied-machines.ts': 'denials',
      'functions/seats/usage-recorder.ts': 'usage',
      'functions/task-payloads/idempotency.ts': 'idempotency',
      'functions/task-payloads/tasks.ts': 'tasks',
      'shared/audit/record.ts': 'audit',
      'shared/events/outbox.ts': 'events',
      'shared/limits/shared-limit.ts': 'limits',
      'shared/model/delivery.ts': 'deliveries',
      'shared/seats/machine-days.ts': ['machine_days', 'machine_slots'],
      'shared/seats/queue-commits.ts': ['left_tickets', 'queue'],
      'shared/seats/seat-level.ts': 'seat_levels',
      'shared/seats/session-writes.ts': 'ended_sessions',
    };
    // The port and its adapter pass it on.
    const passing = /^shared\/(store|gcp)\//;
    const found = sources().filter((path) => !passing.test(path) && /\bdeleteAfter\b/.test(read(path)));
    expect(found).toEqual(Object.keys(writers).sort());
    expect(declared.ttl).toEqual(
      [...new Set(Object.values(writers).flat())].sort().map((collection) => ({ collection, field: 'delete_after' })),
    );
  });
});

describe('queries', () => {
  test('are all in the catalogue, with an example of each', () => {
    const declaring = sources().filter((path) => /^export const \w*[qQ]ueries = \{/m.test(read(path)));
    expect(declaring).toEqual(catalogue.map(({ file }) => file));
    for (const { called, names } of catalogue) expect([...called].toSorted()).toEqual(names.toSorted());
  });

  test('are made nowhere else', () => {
    const stray = sources().flatMap((path) => {
      // The port says what a query is, and its adapter takes it apart.
      if (/^shared\/(store|gcp)\//.test(path)) return [];
      const text = read(path);
      const calls = text.matchAll(/\bstore\.(?:query|count)\(\s*(?!\w*[qQ]ueries\.|query\()[^)]*/g);
      const literals = catalogue.some(({ file }) => file === path) ? [] : text.matchAll(/\bcollection: /g);
      return [...calls, ...literals].map(([match]) => `${path}: ${match}`);
    });
    expect(stray).toEqual([]);
  });
});
