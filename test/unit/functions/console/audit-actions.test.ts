import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { T } from '#functions/console/app/texts.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');

/** As records are written: `action: 'a.b'`, one of two, or the argument of a function that writes them. */
const ACTION =
  /(?:\baction: (?:\w+ \? '(?<either>[a-z_.]+)' : )?|\b(?:commitChange|eventOf)\([^']*)'(?<action>[a-z_]+\.[a-z_.]+)'/g;

test('every action of the audit has its words, and there are words for no other', () => {
  const files = globSync('{functions,shared}/**/*.ts', { cwd: ROOT }).filter(
    (file) => !/^functions\/(console\/app|docs)\//.test(file.replaceAll('\\', '/')),
  );
  const written = files.flatMap((file) =>
    [...readFileSync(resolve(ROOT, file), 'utf8').matchAll(ACTION)].flatMap(({ groups }) =>
      [groups?.['action'], groups?.['either']].filter((action) => action !== undefined),
    ),
  );
  expect(Object.keys(T.audit.actions).sort()).toEqual([...new Set(written)].sort());
});
