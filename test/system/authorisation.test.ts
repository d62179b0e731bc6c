import { beforeAll, describe, expect, test } from 'vitest';
import { CONTRACT } from '#shared/contract/index.ts';
import type { Route } from '#shared/http/route.ts';
import { type Caller, createCallers } from './authorisation-callers.ts';
import { createHour, createWorld, type Hour, RULES, type Rule, type Wish, type World } from './authorisation-rules.ts';
import { type Reply, useSuite } from './suite.ts';

const suite = useSuite();
let callers: Caller[];
let hour: Hour;
let world: World;
beforeAll(async () => {
  callers = await createCallers(suite);
});

/** Allowances are by the hour: after so many rules a stranger is not made to wait yet. */
const RULES_AN_HOUR = 2;
let begun = 0;
/** Each rule begins with a world of its own, and in time with a full allowance. */
function begin(): void {
  if (begun % RULES_AN_HOUR === 0) {
    suite.stack.clock.advance(3600);
    hour = createHour(suite);
  }
  begun += 1;
  world = createWorld(suite, hour);
}

const routes = Object.values(CONTRACT).flat();
const cases = routes.flatMap((route) =>
  (RULES[route.id] ?? []).map((rule, index) => ({ id: route.id, index, route, rule })),
);

const isOpen = (route: Route) => route.access.includes('anyone');

const admits = (route: Route, { is, person = false }: Caller) =>
  isOpen(route) || route.access.some((one) => one === is || (one === 'user' && person));

async function send(route: Route, wish: Wish, caller: Pick<Caller, 'token' | 'tokenOf'>): Promise<Reply> {
  const token = (await caller.tokenOf?.(world)) ?? caller.token;
  const path = Object.entries(wish.params ?? {}).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    route.path,
  );
  return suite.send(route.method, wish.query === undefined ? path : `${path}?${wish.query}`, wish.body, token);
}

/** The one status that the rule and the route's `access` leave to this caller. */
function expected(route: Route, rule: Rule, caller: Caller): number {
  if (!isOpen(route)) {
    if (caller.is === 'unauthenticated') return 401;
    if (!admits(route, caller)) return 403;
    if (caller.guessed === true) return 401;
    if (caller.foreign === true) return foreignStatus(rule);
  }
  return rule.except?.[caller.name] ?? rule.admitted;
}

function foreignStatus({ foreign }: Rule): number {
  if (foreign === undefined) throw new TypeError('the route admits owners, and no rule says what a foreign one gets');
  return 'status' in foreign ? foreign.status : 404;
}

const CODES: Readonly<Record<number, string>> = { 401: 'unauthenticated', 403: 'forbidden' };

describe('the rules', () => {
  test('name every route there is and no other', () => {
    expect(Object.keys(RULES).sort()).toEqual(routes.map(({ id }) => id).sort());
    expect(Object.values(RULES).filter((rules) => rules.length === 0)).toEqual([]);
  });

  test('tell callers apart that a route can', () => {
    expect(new Set(callers.map(({ name }) => name)).size).toBe(callers.length);
    const kinds = new Set<string>(callers.map(({ is }) => is));
    expect(
      routes.flatMap(({ access }) => access).filter((one) => one !== 'anyone' && one !== 'user' && !kinds.has(one)),
    ).toEqual([]);
  });
});

/** Without the peaks of usage, which are written at a moment of their own. */
function spent(): Readonly<Record<string, number>> {
  const { 'firestore.BatchWrite': _peaks, ...calls } = suite.stack.recorder.calls();
  return calls;
}

function foreigner(): Caller {
  const found = callers.find(({ foreign }) => foreign === true);
  if (found === undefined) throw new TypeError('there is an owner of another tenant');
  return found;
}

describe.each(cases)('$id, rule $index', ({ route, rule }) => {
  beforeAll(begin);

  test('refuses whom it does not admit, and spends nothing on them', async () => {
    const wish = await rule.wish(world);
    const refused = callers.filter((caller) => !admits(route, caller));
    for (const { tokenOf } of refused) await tokenOf?.(world);
    suite.stack.recorder.forgetCalls();
    // Who a person is, is read; nothing else of a request that is refused reaches Google.
    for (const caller of refused.toSorted((a, b) => Number(a.person ?? false) - Number(b.person ?? false))) {
      if (caller.person !== true) expect(spent()).toEqual({});
      const { status, body, headers } = await send(route, wish, caller);
      const wanted = expected(route, rule, caller);
      expect([caller.name, status, body.code]).toEqual([caller.name, wanted, CODES[wanted]]);
      expect(headers.get('www-authenticate')).toBe(wanted === 401 ? 'Bearer' : null);
    }
    const { 'firestore.BatchGetDocuments': reads = 0, 'firestore.Commit': counted = 0, ...others } = spent();
    expect(others).toEqual({});
    expect(reads + counted).toBeLessThanOrEqual(2 * refused.filter(({ person }) => person).length);
    expect(refused.length === 0).toBe(isOpen(route));
  });

  test('serves whom it admits, and tells nothing of one tenant to another', async () => {
    for (const caller of callers.filter((one) => admits(route, one))) {
      const { status, text } = await send(route, await rule.wish(world), caller);
      expect([caller.name, status]).toEqual([caller.name, expected(route, rule, caller)]);
      if (caller.foreign === true && !isOpen(route)) {
        expect(text).not.toContain('demo');
        expect(text).not.toContain(await world.licenseId());
      }
    }
    await rule.settled?.(world);
  });

  const { foreign } = rule;
  if (foreign === undefined || !('absent' in foreign)) return;

  test('answers what is of another tenant as what is not there', async () => {
    const stranger = foreigner();
    const [theirs, nobodys] = [
      await send(route, await rule.wish(world), stranger),
      await send(route, foreign.absent, stranger),
    ];
    expect([theirs.status, nobodys.status]).toEqual([404, 404]);
    expect({ ...theirs.body, request_id: '' }).toEqual({ ...nobodys.body, request_id: '' });
    const shape = ({ headers }: Reply) =>
      [...headers].filter(([name]) => !/^(date|x-request-id|ratelimit-(remaining|reset))$/.test(name));
    expect(shape(theirs)).toEqual(shape(nobodys));
  });

  test('and with the same calls to Google, so that the time it takes says no more', async () => {
    const stranger = foreigner();
    const wish = await rule.wish(world);
    const callsOf = async (what: Wish) => {
      suite.stack.recorder.forgetCalls();
      await send(route, what, stranger);
      return spent();
    };
    await send(route, foreign.absent, stranger); // who asks is read once
    expect(await callsOf(wish)).toEqual(await callsOf(foreign.absent));
  });
});
