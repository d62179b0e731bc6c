import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Write } from '#shared/store/store.ts';
import { EMBEDDED_HISTORIES } from './firestores.ts';
import { QUEUE_INSTANCES, type QueueScenario, queueHistories, queueHistoriesAbout } from './queue-history.ts';
import { playQueue } from './queue-run.ts';
import type { Decorate } from './run.ts';

/** The checker of queue.test.ts finds each guard of the queue, and each rule, that is left out. */
const MAX_RUNS = 60;
const SEED = 7;

interface PlantedBug {
  readonly name: string;
  readonly breaks: RegExp;
  readonly scenario: QueueScenario;
  readonly decorate: Decorate;
}

const isTicket = ({ path }: Write) => path.includes('/queue/');
const isLicense = ({ path }: Write) => /^licenses\/[^/]+$/.test(path);

const inBatches =
  (weaken: (write: Write) => Write): Decorate =>
  (store) => ({ ...store, writeEach: (writes) => store.writeEach(writes.map(weaken)) });
const inCommits =
  (weaken: (write: Write) => Write[]): Decorate =>
  (store) => ({ ...store, commit: (writes) => store.commit(writes.flatMap(weaken)) });

const BUGS: readonly PlantedBug[] = [
  {
    name: 'a machine that waits gets another ticket in place of its own',
    breaks: /Q2|Q3/,
    scenario: 'twins',
    decorate: inBatches((write) => (write.op === 'create' && isTicket(write) ? { ...write, op: 'set' } : write)),
  },
  {
    name: 'a poll writes a ticket that is gone',
    breaks: /Q1|Q4/,
    scenario: 'leaving',
    decorate: (store) => ({
      ...store,
      async writeEach(writes) {
        const failures = await store.writeEach(writes);
        const missing = writes.filter(
          (write, index) => write.op === 'update' && isTicket(write) && failures[index] === 'not_found',
        );
        for (const { path } of missing)
          await store.commit([{ op: 'merge', path, fields: {}, maximum: { polled_until: 1 } }]);
        return missing.length === 0 ? failures : writes.map(() => undefined);
      },
    }),
  },
  {
    name: 'a poll is answered without being written',
    breaks: /Q8/,
    scenario: 'patience',
    decorate: (store) => ({
      ...store,
      writeEach: async (writes) => {
        const isPoll = (write: Write) => write.op === 'update' && isTicket(write) && write.lastUpdateTime === undefined;
        const failures = await store.writeEach(writes.filter((write) => !isPoll(write)));
        const rest = failures.values();
        return writes.map((write) => (isPoll(write) ? undefined : rest.next().value));
      },
    }),
  },
  {
    name: 'a seat is given, and the ticket stays',
    breaks: /Q4/,
    scenario: 'contended',
    decorate: inCommits((write) => (write.op === 'delete' && isTicket(write) ? [] : [write])),
  },
  {
    name: 'a ticket is cleared that was polled since',
    breaks: /Q2/,
    scenario: 'brink',
    decorate: inBatches((write) =>
      write.op === 'delete' && isTicket(write) ? { op: 'delete', path: write.path } : write,
    ),
  },
  {
    name: 'newcomers are served as if nobody waited',
    breaks: /Q5/,
    scenario: 'alone',
    decorate: (store) => ({
      ...store,
      query: async (query) => (query.collection.endsWith('/queue') && query.limit > 1 ? [] : store.query(query)),
    }),
  },
  {
    name: 'two machines are counted as one',
    breaks: /Q6/,
    scenario: 'contended',
    decorate: inCommits((write) =>
      write.op === 'create' && write.path.includes('/machine_slots/') ? [{ ...write, op: 'set' }] : [write],
    ),
  },
  {
    name: 'a licence begins twice',
    breaks: /Q7/,
    scenario: 'contended',
    decorate: inCommits((write) =>
      write.op === 'update' && isLicense(write) && 'started_at' in write.fields
        ? [{ op: 'update', path: write.path, fields: write.fields }]
        : [write],
    ),
  },
];

class Found extends Error {}

describe.for([EMBEDDED_HISTORIES])('on $name', ({ open }) => {
  test.for(BUGS)('finds: $name', { timeout: 240_000 }, async ({ breaks, scenario, decorate }) => {
    const database = await open(QUEUE_INSTANCES);
    const found: string[] = [];
    const property = fc.asyncProperty(queueHistoriesAbout(scenario), async (one) => {
      const { broken } = await playQueue(database, one, decorate);
      found.push(...broken);
      if (broken.length > 0) throw new Found();
    });
    try {
      const { numRuns, errorInstance } = await fc.check(property, {
        seed: SEED,
        numRuns: MAX_RUNS,
        endOnFailure: true,
      });
      // Any other error means that nothing was found.
      if (errorInstance instanceof Error && !(errorInstance instanceof Found)) throw errorInstance;
      expect(found, `in ${numRuns} histories`).toEqual(expect.arrayContaining([expect.stringMatching(breaks)]));
    } finally {
      await database.close();
    }
  });

  test('finds nothing where nothing is left out, in many more histories', { timeout: 600_000 }, async () => {
    const database = await open(QUEUE_INSTANCES);
    const property = fc.asyncProperty(queueHistories, async (one) => {
      const { broken, history } = await playQueue(database, one);
      expect(broken, history.join('\n')).toEqual([]);
    });
    try {
      await fc.assert(property, { numRuns: 100 });
    } finally {
      await database.close();
    }
  });
});
