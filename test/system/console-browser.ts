import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import type { Suite } from './suite.ts';

export const CHROMIUM = '/usr/bin/chromium';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a test picture, and leave to use it.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];

export const launch = (): Promise<Browser> => chromium.launch({ executablePath: CHROMIUM, args: FLAGS });

/** Whom the demonstration knows. */
export type As = 'owner' | 'admin' | 'member' | 'guest' | 'staff';
/** Somebody who has not signed in, too. */
export type Visiting = As | 'nobody';

export interface Visit {
  readonly page: Page;
  /** What went wrong on the way: script errors, refused content, requests to other origins. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

const ADDRESS: Readonly<Record<As, string>> = {
  owner: 'owner@demo.example',
  admin: 'admin@demo.example',
  member: 'member@demo.example',
  guest: 'guest@demo.example',
  staff: 'staff@countersign.example',
};

/** The console in a browser, as people of the demonstration see it. Each signs in once, by one click at the provider's page. */
export function createVisits(browser: () => Browser, suite: Suite) {
  const states = new Map<Visiting, NonNullable<BrowserContextOptions['storageState']>>();

  async function visit(as: Visiting, path: string, options: BrowserContextOptions = {}): Promise<Visit> {
    const storageState = states.get(as);
    const context = await browser().newContext({
      viewport: { width: 1280, height: 860 },
      locale: 'en-GB',
      timezoneId: 'Europe/Berlin',
      ...(storageState === undefined ? {} : { storageState }),
      ...options,
    });
    const page = await context.newPage();
    if (storageState === undefined && as !== 'nobody') {
      await signIn(page, as);
      states.set(as, await context.storageState());
    }
    const faults: string[] = [];
    page.on('console', (message) => {
      // Answers that tests provoke are logged by the browser, too; what the page does about them is asserted there.
      if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) faults.push(message.text());
    });
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('dialog', (dialog) => {
      faults.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (!['data:', 'blob:'].includes(protocol) && origin !== suite.stack.gateway)
        faults.push(`asked ${request.url()}`);
    });
    await page.goto(`${suite.stack.gateway}${path}`);
    await page.locator('main h1').waitFor();
    return { page, faults, close: () => context.close() };
  }

  async function signIn(page: Page, as: As): Promise<void> {
    await page.goto(`${suite.stack.gateway}/console`);
    await page.getByRole('link', { name: 'Continue with Google' }).click();
    await page.getByRole('link', { name: ADDRESS[as] }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
  }

  return { visit, signIn };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

interface AxeResults {
  readonly passes: number;
  readonly violations: readonly string[];
}

/** What axe-core finds on the page as it is now. @throws Error when it has looked at nothing */
export async function inaccessible(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const results =
    await page.evaluate<AxeResults>(`globalThis.axe.run({ runOnly: ${JSON.stringify(RULES)} }).then((found) => ({
    passes: found.passes.length,
    violations: found.violations.map(({ id, nodes }) =>
      id + ': ' + nodes.map(({ target, failureSummary }) => target + ' ' + failureSummary).join(' | ')),
  }))`);
  if (results.passes < 10) throw new Error(`axe-core checked ${results.passes} rules`);
  return results.violations;
}
