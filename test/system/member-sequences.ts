import fc from 'fast-check';
import { admin } from '#functions/admin/index.ts';
import { createInvitations } from '#functions/admin/invitations.ts';
import { memberRoutes } from '#functions/admin/member-handlers.ts';
import { createMembers } from '#functions/admin/members.ts';
import { signedUrls } from '#functions/signed-urls/index.ts';
import { listen, shut } from '#local/listen.ts';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import { createKeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import { openFirestore } from '#shared/gcp/firestore.ts';
import { type Deployable, defineFunction } from '#shared/http/function.ts';
import { createRunOnce } from '#shared/idempotency/run-once.ts';
import { commonConfig, firestoreConfig } from '#shared/model/config.ts';
import type { Document, DocumentStore, Write } from '#shared/store/store.ts';
import type { HistoryEvent } from './member-history.ts';
import { createTenant, join, membersOf, type Person, signUp } from './people.ts';
import type { Suite } from './suite.ts';

/** Random changes to the members of a tenant, by several of its people at once, on two instances. */

const PEOPLE = 4;
const FIRST_ROLES = ['owner', 'owner', 'owner', 'guest'];

const person = fc.nat({ max: PEOPLE - 1 });
const instance = fc.nat({ max: 1 });
const act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('remove' as const), by: person, of: person, instance }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...{ act: fc.constant('role' as const), by: person, of: person, instance },
      role: fc.constantFrom('owner', 'admin', 'guest'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      ...{ act: fc.constant('return' as const), by: person, of: person, instance },
      role: fc.constantFrom('owner', 'guest'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('use' as const), by: person, instance }) },
);

export type Act = typeof act extends fc.Arbitrary<infer T> ? T : never;

/** Rounds, whose acts begin at the same moment. */
export const sequences = fc.array(fc.array(act, { minLength: 2, maxLength: 6 }), { minLength: 3, maxLength: 6 });

/** Two instances of what handles people, with the addresses of their own. */
export interface Instances {
  readonly admin: readonly string[];
  readonly urls: readonly string[];
  close(): Promise<void>;
}

export async function startInstances(suite: Suite, adminFunction: Deployable = admin): Promise<Instances> {
  const start = async (deployable: Deployable) => {
    const running = deployable.create(suite.stack.environment(deployable.name), suite.stack.clock, () => undefined);
    const port = await listen(running.server);
    const close = async () => {
      await shut(running.server);
      await running.close();
    };
    return { url: `http://127.0.0.1:${port}`, close };
  };
  const admins = [await start(adminFunction), await start(adminFunction)];
  const urls = [await start(signedUrls), await start(signedUrls)];
  return {
    admin: admins.map(({ url }) => url),
    urls: urls.map(({ url }) => url),
    close: async () => {
      await Promise.all([...admins, ...urls].map(({ close }) => close()));
    },
  };
}

export interface Outcome {
  readonly history: readonly HistoryEvent[];
  /** After each round, how many owners the tenant has. */
  readonly owners: readonly number[];
}

/** Runs one sequence on a tenant of its own. */
export async function runSequence(
  suite: Suite,
  instances: Instances,
  rounds: readonly (readonly Act[])[],
): Promise<Outcome> {
  const tenant = await createTenant(suite);
  const people: Person[] = [];
  for (const role of FIRST_ROLES) people.push(await join(suite, tenant, role, await signUp(suite)));
  const history: HistoryEvent[] = [];
  const owners: number[] = [];
  let tick = 0;

  const personOf = (index: number): Person => {
    const found = people[index];
    if (found === undefined) throw new TypeError(`there is no person ${index}`);
    return found;
  };

  /** Sends a request as a person to one instance. */
  async function send(base: string | undefined, by: number, method: string, path: string, body?: unknown) {
    const began = ++tick;
    const response = await fetch(`${base}${path}`, {
      method,
      headers: { authorization: `Bearer ${personOf(by).token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { by, began, ended: ++tick, status: response.status, text };
  }

  /** Ordinary requests, one of them to the function that signs URLs. */
  async function use(by: number, at: number): Promise<void> {
    const url = { filename: 'a.txt', method: 'GET' };
    const [list, signed] = await Promise.all([
      send(instances.admin[at], by, 'GET', membersOf(tenant)),
      send(instances.urls[at], by, 'POST', '/signed-url', url),
    ]);
    for (const [what, { text: _text, ...reply }] of Object.entries({ list, signed })) {
      history.push({ ...reply, kind: 'use', needs: 'member', what });
    }
  }

  async function perform(one: Act): Promise<void> {
    const base = instances.admin[one.instance];
    switch (one.act) {
      case 'remove': {
        const { text: _text, ...reply } = await send(base, one.by, 'DELETE', membersOf(tenant, personOf(one.of).uid));
        history.push({ ...reply, kind: 'remove', of: one.of });
        // The very next request of whoever was removed, on the other instance.
        if (reply.status === 204) await use(one.of, 1 - one.instance);
        return;
      }
      case 'role': {
        const path = membersOf(tenant, personOf(one.of).uid);
        const { text: _text, ...reply } = await send(base, one.by, 'PUT', path, { role: one.role });
        history.push({ ...reply, kind: 'role', of: one.of, role: one.role });
        return;
      }
      case 'return': {
        const wanted = { email: personOf(one.of).email, role: one.role };
        const invited = await send(base, one.by, 'POST', `${membersOf(tenant)}/invitations`, wanted);
        const { by, began, ended, status } = invited;
        history.push({ by, began, ended, status, kind: 'use', needs: 'owner', what: 'invite' });
        if (status !== 201) return;
        const { token } = JSON.parse(invited.text);
        const accepting = await send(instances.admin[1 - one.instance], one.of, 'POST', '/api/v1/invitations/accept', {
          token,
        });
        const { text: _text, ...reply } = accepting;
        history.push({ ...reply, kind: 'join', role: one.role });
        return;
      }
      case 'use':
        return use(one.by, one.instance);
      default:
        return one satisfies never;
    }
  }

  for (const round of rounds) {
    await Promise.all(round.map(perform));
    const listed = await suite.send('GET', membersOf(tenant), undefined, 'staff');
    owners.push(listed.body.filter(({ role }: { role: string }) => role === 'owner').length);
  }
  return { history, owners };
}

/** What is left out of a store's writes or reads, to show that the checks would notice. */
export type PlantedBug = 'no guards' | 'rights remembered';

/** The part of administration that concerns members, with a bug in it. */
export function plant(bug: PlantedBug): Deployable {
  return defineFunction({
    name: 'admin',
    config: commonConfig.pick({ PROJECT_ID: true }).extend(firestoreConfig.shape),
    compose(config, { clock }) {
      const real = openFirestore(config);
      const store: DocumentStore = bug === 'no guards' ? unguarded(real) : real;
      const commitAudited = createCommitAudited({ store, clock });
      return {
        routes: memberRoutes({
          members: createMembers({ store, commitAudited, mutex: createKeyedMutex() }),
          invitations: createInvitations({ store, clock, commitAudited }),
          runOnce: createRunOnce({ store, clock }),
        }),
        counter: real,
        people: bug === 'rights remembered' ? remembering(real) : real,
        close: () => real.close(),
      };
    },
  });
}

/** Commits without the conditions on what was read. */
const unguarded = (store: DocumentStore): DocumentStore => ({
  get: (paths) => store.get(paths),
  query: (query) => store.query(query),
  count: (query) => store.count(query),
  writeEach: (writes, raised) => store.writeEach(writes, raised),
  commit: (writes) => store.commit(writes.map(withoutGuard)),
});

function withoutGuard(write: Write): Write {
  if (write.op === 'update') {
    const { lastUpdateTime: _guard, ...rest } = write;
    return rest;
  }
  if (write.op === 'delete') return { op: 'delete', path: write.path };
  return write;
}

/** Reads each person's document once. */
function remembering(store: Pick<DocumentStore, 'get'>): Pick<DocumentStore, 'get'> {
  const known = new Map<string, readonly (Document | undefined)[]>();
  return {
    async get(paths) {
      const key = paths.join();
      const found = known.get(key) ?? (await store.get(paths));
      known.set(key, found);
      return found;
    },
  };
}
