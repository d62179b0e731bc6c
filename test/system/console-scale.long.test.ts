import { existsSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DEMO_TENANT } from '#local/people.ts';
import { CHROMIUM, createVisits, launch } from './console-browser.ts';
import { useSuite } from './suite.ts';

/**
 * Many licences, and one with many holders, through the API and in the browser, on request, since it takes minutes:
 * `CONSOLE_LICENSES=10000 CONSOLE_HOLDERS=2000 npx vitest run --project soak-system test/system/console-scale.long.test.ts`
 */
const SITES = Number(process.env['CONSOLE_LICENSES'] ?? 120);
const HOLDERS = Number(process.env['CONSOLE_HOLDERS'] ?? 130);

const suite = useSuite();
let browser: Browser;
const { visit } = createVisits(() => browser, suite);

const LICENSES = '/api/v1/licenses';
const numbers = new Intl.NumberFormat('en-GB');
const name = (n: number) => `Site ${String(n).padStart(5, '0')}`;
const measured: Record<string, number> = {};

/** Milliseconds, written down when the full size is measured; no test looks at them. */
async function timed<T>(what: string, act: () => Promise<T>): Promise<T> {
  const from = performance.now();
  const result = await act();
  measured[what] = Math.round(performance.now() - from);
  return result;
}

async function createSites(): Promise<void> {
  for (let from = 0; from < SITES; from += 100) {
    const licenses = Array.from({ length: Math.min(100, SITES - from) }, (_, index) => ({
      ...{ tenant_id: DEMO_TENANT, tier: (from + index) % 10 === 0 ? 'enterprise' : 'starter', max_seats: 5 },
      ...{ expires_at: null, label: name(from + index), reference: `ORD-${from + index}` },
    }));
    const { status } = await suite.post(`${LICENSES}/bulk`, { licenses }, 'staff');
    if (status !== 200) throw new Error(`creating answered ${status}`);
  }
}

async function fillWithHolders(): Promise<string> {
  const { license_id, license_key } = await suite.license(HOLDERS);
  let next = 0;
  const machine = async () => {
    while (next < HOLDERS) {
      const n = next;
      next += 1;
      const who = { hardware_id: `m-${n}`, hostname: `host-${n}`, user_email: `user${n}@example.org` };
      const { status } = await suite.post(`${LICENSES}/acquire`, { license_key, ...who });
      if (status !== 201) throw new Error(`acquiring answered ${status}`);
    }
  };
  await Promise.all(Array.from({ length: 40 }, machine));
  return license_id;
}

/** The longest time in milliseconds for which the page answered nobody, while it was scrolled through. */
const scrollThrough = (page: Page) =>
  page.evaluate<number>(`(async () => {
    let longest = 0;
    const observer = new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) longest = Math.max(longest, duration);
    });
    observer.observe({ type: 'longtask' });
    for (let top = 0; top < document.documentElement.scrollHeight; top += 400) {
      scrollTo(0, top);
      await new Promise(requestAnimationFrame);
    }
    scrollTo(0, 0);
    return longest;
  })()`);

describe.skipIf(!existsSync(CHROMIUM) || process.env['CONSOLE_LICENSES'] === undefined)(
  'many',
  () => {
    beforeAll(async () => {
      browser = await launch();
      await createSites();
    }, 600_000);
    afterAll(() => browser.close());
    afterEach(() => {
      if (SITES > 1000) process.stdout.write(`${JSON.stringify(measured)}\n`);
    });

    test('licences: a page at a time, searched and filtered by the API', async () => {
      const { page, faults, close } = await visit('owner', '/console');
      await timed('overview', () =>
        page.getByRole('region', { name: 'Nearly full' }).locator('p:not(.loading), li').first().waitFor(),
      );
      await page.goto('about:blank');
      await timed('licences, first page', async () => {
        await page.goto(`${suite.stack.gateway}/console/licenses`);
        await page.locator('tbody tr').first().waitFor();
      });
      const rows = page.locator('tbody tr');
      expect(await rows.count()).toBe(50);
      const first = await rows.first().textContent();
      await timed('licences, next page', async () => {
        await page.getByRole('button', { name: 'Next' }).click();
        await expect.poll(() => rows.first().textContent(), { timeout: 15_000, interval: 20 }).not.toBe(first);
      });
      expect(await rows.count()).toBe(50);
      measured['licences, longest task while scrolling'] = await scrollThrough(page);
      await page.getByRole('button', { name: 'Previous' }).click();
      await expect.poll(() => rows.first().textContent(), { timeout: 15_000, interval: 20 }).toBe(first);
      await timed('licences, search', async () => {
        await page.getByLabel('Search').fill(name(SITES - 1));
        await expect.poll(() => rows.allTextContents(), { timeout: 15_000, interval: 20 }).toHaveLength(1);
      });
      expect(await rows.first().textContent()).toContain(name(SITES - 1));
      await page.getByLabel('Search').fill('');
      await page.waitForURL((url) => !url.searchParams.has('q'));
      await timed('licences, filter', async () => {
        await page.getByLabel('Tier').selectOption('Enterprise');
        await expect
          .poll(async () => (await rows.allTextContents()).every((row) => row.includes('Enterprise')), {
            ...{ timeout: 15_000, interval: 20 },
          })
          .toBe(true);
      });
      expect(await rows.count()).toBe(Math.min(50, Math.ceil(SITES / 10)));
      expect(faults).toEqual([]);
      await close();
    });

    test('holders: a hundred at a time, and anybody is found', async () => {
      const license = await fillWithHolders();
      const { page, faults, close } = await visit('owner', '/console');
      const rows = page.locator('tbody tr');
      await timed('holders, all of them', async () => {
        await page.goto(`${suite.stack.gateway}/console/licenses/${license}/holders`);
        await page.getByText(`1–100 of ${numbers.format(HOLDERS)}`).waitFor();
      });
      expect(await rows.count()).toBe(100);
      measured['holders, longest task while scrolling'] = await scrollThrough(page);
      await timed('holders, find', async () => {
        await page.getByLabel('Find a person or machine').fill(`host-${HOLDERS - 1}`);
        await page.getByText(`user${HOLDERS - 1}@example.org`).waitFor();
      });
      expect(await rows.count()).toBe(1);
      await page.getByRole('button', { name: `Take back: user${HOLDERS - 1}@example.org` }).click();
      await page.getByRole('dialog').getByRole('button', { name: 'Take back' }).click();
      await page.getByRole('status').getByText('is free').waitFor();
      const { body } = await suite.send('GET', `${LICENSES}/${license}/usage`, undefined, 'owner');
      expect(body.seats_used).toBe(HOLDERS - 1);
      expect(faults).toEqual([]);
      await close();
    });
  },
  600_000,
);
