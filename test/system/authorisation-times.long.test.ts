import { beforeEach, describe, expect, test } from 'vitest';
import { CONTRACT } from '#shared/contract/index.ts';
import { createHour, createWorld, RULES, type Wish, type World } from './authorisation-rules.ts';
import { useSuite } from './suite.ts';

const suite = useSuite();
let world: World;
beforeEach(() => {
  suite.stack.clock.advance(3600); // with a full allowance
  world = createWorld(suite, createHour(suite));
});

/** What is another tenant's, beside the same request for what nobody has. */
const hidden = Object.values(CONTRACT)
  .flat()
  .flatMap((route) =>
    (RULES[route.id] ?? []).flatMap(({ wish, foreign }, index) =>
      foreign !== undefined && 'absent' in foreign
        ? [{ id: route.id, index, route, wish, absent: foreign.absent }]
        : [],
    ),
  );

/** `authorisation.test.ts` shows that both cost the same calls; this, that nothing else takes time. */
describe.each(hidden)('$id, rule $index, of another tenant', ({ route, wish, absent }) => {
  test('is answered in about the same time as what is not there', async () => {
    const theirs = await wish(world);
    const timed = async ({ params = {}, query, body }: Wish) => {
      const path = Object.entries(params).reduce(
        (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
        route.path,
      );
      const start = performance.now();
      await suite.send(route.method, query === undefined ? path : `${path}?${query}`, body, 'other_tenant_owner');
      return performance.now() - start;
    };
    const times: Record<'theirs' | 'nobodys', number[]> = { theirs: [], nobodys: [] };
    // One after the other, so that whatever else this machine does is done to both.
    for (let i = 0; i < 30; i += 1) {
      times.theirs.push(await timed(theirs));
      times.nobodys.push(await timed(absent));
    }
    const [a, b] = [median(times.theirs), median(times.nobodys)];
    expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(3);
  });
});

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
