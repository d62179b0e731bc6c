import { existsSync, globSync, readFileSync } from 'node:fs';
import { normalize, resolve } from 'node:path';
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ACTS, type ConsoleAct } from './console-acts.ts';
import { CHROMIUM, createVisits, inaccessible, launch, type Visit, type Visiting } from './console-browser.ts';
import { useSuite } from './suite.ts';

/** What goes wrong in the middle of an act, whatever the act. */
const suite = useSuite();
let browser: Browser;
const { visit } = createVisits(() => browser, suite);

const APP = resolve(import.meta.dirname, '../../functions/console/app');

/** Codes are good once: who has lost the answer signs in anew, as the tests of sessions show. */
const ONE_TIME_CODES = ['screens/sign-in/second-factor-form.tsx', 'screens/sign-in/strong-sign-in.tsx'];

interface Trouble {
  readonly meet: (route: Route) => Promise<void>;
  /** What the person reads. */
  readonly words: RegExp;
}

const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  (route: Route) =>
    route.fulfill({
      ...{ status, headers, contentType: 'application/problem+json' },
      body: JSON.stringify({ status, code, title: 'Trouble', detail: 'Trouble.', request_id: 'r-1' }),
    });

/** In this order, each at one press of the same button. After the last one, the act is done and nobody knows. */
const TROUBLES: readonly Trouble[] = [
  {
    meet: problem(503, 'dependency_unavailable', { 'retry-after': '3' }),
    words: /cannot do this.*Try again in 3 seconds/,
  },
  { meet: problem(429, 'rate_limited', { 'retry-after': '60' }), words: /Too many requests.*Try again in 1 minute/ },
  { meet: (route) => route.abort('connectionrefused'), words: /No answer arrived/ },
  {
    async meet(route) {
      await route.fetch();
      await route.abort('connectionreset');
    },
    words: /No answer arrived/,
  },
];

/** Everything that a person has typed or chosen on the screen. */
const typed = (page: Page) =>
  page.evaluate<string>(
    `JSON.stringify([...document.querySelectorAll('main input, main select, main textarea')].map((field) => [field.value, field.checked]))`,
  );

const recorded = async (action: string): Promise<number> => {
  const { body } = await suite.send('GET', `/api/v1/audit?action=${action}&limit=100`, undefined, 'staff');
  return body.length;
};

describe.skipIf(!existsSync(CHROMIUM))('trouble in the middle of an act', () => {
  const visits = new Map<Visiting, Visit>();
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());
  afterEach(() => Promise.all([...visits.values()].map(({ page }) => page.unrouteAll({ behavior: 'ignoreErrors' }))));

  /** One page a role: the app draws another screen without being loaded again. */
  async function goTo(as: Visiting, path: string): Promise<Page> {
    const known = visits.get(as);
    if (known === undefined) {
      const fresh = await visit(as, path);
      fresh.page.setDefaultTimeout(15_000);
      visits.set(as, fresh);
      return fresh.page;
    }
    if (as === 'nobody') {
      await known.page.goto(`${suite.stack.gateway}${path}`);
      return known.page;
    }
    await known.page.evaluate(
      `sessionStorage.clear(); for (const said of document.querySelector('[role=status]').childNodes) said.data = ''; history.pushState(null, '', '/console/nowhere'); dispatchEvent(new PopStateEvent('popstate'));`,
    );
    await known.page.getByRole('heading', { level: 1 }).waitFor();
    await known.page.evaluate(
      `history.pushState(null, '', ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent('popstate'));`,
    );
    return known.page;
  }

  test.each(ACTS)('$name', async (act: ConsoleAct) => {
    const page = await goTo(act.as, await act.prepare(suite));
    await act.open?.(page);
    const before = act.action === undefined ? 0 : await recorded(act.action);
    const left = [...TROUBLES];
    let expired = act.as === 'nobody' || act.name === 'sign out';
    await page.route('**/*', async (route) => {
      const request = route.request();
      const { pathname, search } = new URL(request.url());
      if (!act.request.test(`${request.method()} ${pathname}${search}`)) return route.fallback();
      const trouble = left.shift();
      if (trouble !== undefined) return trouble.meet(route);
      if (expired) return route.fallback();
      expired = true;
      return problem(401, 'unauthenticated')(route);
    });
    const alert = page.getByRole('alert');
    let kept: string | undefined;
    for (const { words } of TROUBLES) {
      await act.press(page);
      await alert.getByText(words).first().waitFor();
      expect(await alert.count()).toBe(1);
      kept ??= await typed(page);
      expect(await typed(page)).toBe(kept);
    }
    if (act.name.endsWith('a licence')) expect(await inaccessible(page)).toEqual([]);
    // The last press: its token has expired, which nobody notices.
    await Promise.all([act.done(page), act.press(page)]);
    expect([left.length, expired]).toEqual([0, true]);
    if (act.action !== undefined) expect((await recorded(act.action)) - before).toBe(1);
    expect(visits.get(act.as)?.faults).toEqual([]);
  });

  test('every act of the app is tried', () => {
    const files = globSync('**/*.tsx', { cwd: APP }).filter((file) =>
      /\buseAct\(/.test(readFileSync(resolve(APP, file), 'utf8')),
    );
    const tried = [...ACTS.map(({ file }) => normalize(`screens/${file}`)), ...ONE_TIME_CODES];
    expect(files.filter((file) => !tried.includes(file))).toEqual([]);
  });
});
