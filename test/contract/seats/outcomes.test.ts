import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ACTS, KINDS, type Outcome, outcomeOf, tableOf } from './outcomes.ts';
import { openInProcess } from './simulation/in-process.ts';

/** OUTCOMES=write writes the table into the page. */
const PAGE = new URL('../../../docs/seats.md', import.meta.url);
const BEFORE = 'What becomes of a seat, of whatever kind it is:\n\n';
const AFTER = '\n\nThe table is made by';

test('docs/seats.md says what becomes of every kind of seat when something happens to its licence', {
  timeout: 300_000,
}, async () => {
  const database = await openInProcess(1);
  const outcomes: Outcome[] = [];
  for (const act of Object.keys(ACTS)) {
    for (const kind of KINDS) outcomes.push(await outcomeOf(database, act, kind));
  }
  const table = tableOf(outcomes);
  if (process.env['OUTCOMES'] === 'write') {
    const [before = '', after = ''] = around();
    writeFileSync(PAGE, before + table + after);
  }
  const [before, , written] = around();
  expect(before).not.toBe('');
  expect(written).toBe(table);
});

/** What the page has before the table, after it, and the table itself. */
function around(): readonly [string, string, string] {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEFORE) + BEFORE.length;
  const to = page.indexOf(AFTER);
  return [page.slice(0, from), page.slice(to), page.slice(from, to)];
}
