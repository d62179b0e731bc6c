import { describe, expect, test } from 'vitest';
import { RIGHTS } from '#functions/console/app/session/rights-table.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { ROLES } from '#shared/model/principal.ts';

const routes = new Map(
  Object.values(CONTRACT)
    .flat()
    .map((route) => [route.id, route]),
);
const PARTS: ReadonlySet<string> = new Set(['staff', 'portal', ...ROLES]);

describe('what the console offers', () => {
  test.each(Object.entries(RIGHTS))('%s: to exactly those whom the route admits', (id, parts) => {
    const access = routes.get(id)?.access.filter((one) => PARTS.has(one)) ?? [];
    expect([...parts].sort()).toEqual([...access].sort());
  });
});
