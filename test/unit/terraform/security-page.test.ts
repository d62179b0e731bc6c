import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { FUNCTIONS } from '#local/functions.ts';

/** docs/security.md against what Terraform grants, and against the tests that it names. */

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** By resource, then account. */
const rights = z
  .record(z.string(), z.record(z.string(), z.array(z.string())))
  .parse(JSON.parse(readFileSync(join(ROOT, 'terraform/rights.json'), 'utf8')));

/** Rows of the table below a heading, as cells. */
function tableOf(heading: string): string[][] {
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [body = ''] = section.split('\n## ');
  return body
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

/** An account's rights in few words: databases are read or written, other resources name what may be done. */
function rightsOf(account: string): string {
  const lines = Object.entries(rights).flatMap(([resource, accounts]) => {
    const granted = accounts[account];
    if (granted === undefined) return [];
    if (resource.endsWith('database')) {
      return [`${resource}: ${granted.some((one) => one.endsWith('entities.create')) ? 'write' : 'read'}`];
    }
    return [`${resource}: ${[...new Set(granted.map((one) => one.split('.').at(-1)))].sort().join(', ')}`];
  });
  return lines.length === 0 ? 'none' : lines.sort().join('; ');
}

describe('the accounts in docs/security.md', () => {
  const rows = tableOf('Accounts, and what a thief of each can do');

  test('are all that Terraform gives rights, and every function', () => {
    const granted = Object.values(rights).flatMap((accounts) => Object.keys(accounts));
    // The queue's account may do nothing at Google: it proves to a function who calls.
    const expected = new Set([...granted, ...FUNCTIONS.map(({ name }) => name), 'webhook-queue']);
    expect(rows.map(([account]) => account?.replaceAll('`', '')).toSorted()).toEqual([...expected].sort());
  });

  test.each(rows.map(([account = '', has = '', thief = '']) => ({ account: account.replaceAll('`', ''), has, thief })))(
    '$account has the rights that the page says',
    ({ account, has, thief }) => {
      expect(has).toBe(rightsOf(account));
      expect(thief.length).toBeGreaterThan(20);
    },
  );
});

describe('the threats in docs/security.md', () => {
  // That the files exist, `npm run check` sees for every page.
  test.each(tableOf('Threats, and what stands against each').map(([threat = '', , shown = '']) => ({ threat, shown })))(
    '$threat: a test shows it',
    ({ shown }) => {
      expect(shown).toMatch(/`test\/[\w./-]+\.test\.ts`/);
    },
  );
});

test('ASVS is answered by chapter, each one of them', () => {
  const chapters = tableOf('ASVS 5.0, level 2, by chapter').map(([chapter]) =>
    Number(/^V(\d+) /.exec(chapter ?? '')?.[1]),
  );
  expect(chapters).toEqual(Array.from({ length: 17 }, (_, index) => index + 1));
});
