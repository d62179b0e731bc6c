import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Adapter, startAdapter } from '../../clients/conformance/adapter.ts';
import { type Language, languages } from '../../clients/conformance/languages.ts';
import { SCENARIOS } from '../../clients/conformance/scenarios.ts';
import { type Keys, takeKeys } from '../../clients/conformance/signing.ts';
import { withStage } from '../../clients/conformance/stage.ts';

/** Clients of every language play the same scenarios and judge the same vectors (clients/conformance/README.md). */
const LANGUAGES = languages();
const VECTORS = resolve(import.meta.dirname, '../vectors');
const read = async (name: string) => JSON.parse(await readFile(join(VECTORS, name), 'utf8'));

let keys: Keys;
beforeAll(async () => {
  keys = await takeKeys();
}, 120_000);

const passed = new Map<string, Set<string>>();
const note = (name: string, language: Language) => passed.set(name, (passed.get(name) ?? new Set()).add(language.name));
afterAll(() => {
  const names = LANGUAGES.map(({ name }) => name);
  const lines = [...passed].map(
    ([name, by]) => `${names.map((one) => (by.has(one) ? 'x' : '-').padEnd(11)).join('')}${name}`,
  );
  process.stdout.write(`\n${names.map((name) => name.padEnd(11)).join('')}scenario\n${lines.join('\n')}\n`);
});

interface Vector {
  readonly name: string;
  readonly expected: string;
  readonly roots: readonly string[];
  readonly lists: readonly (string | null)[];
}

/** Asks an adapter for its verdict on every vector. @returns those that it judged otherwise */
async function wrongVerdicts(adapter: Adapter): Promise<string[]> {
  const wrong: string[] = [];
  const judge = async (vector: Vector, more: object) => {
    const { verdict } = await adapter.ask({ do: 'verify', vector, ...more });
    if (verdict !== vector.expected) wrong.push(`${vector.name}: ${vector.expected}, not ${verdict}`);
  };
  const licenses = await read('licenses.json');
  for (const vector of licenses.vectors) await judge(vector, { keys: licenses.keys });
  const trust = await read('trust.json');
  for (const vector of trust.vectors as readonly Vector[]) {
    const roots = vector.roots.map((name) => trust.roots[name]);
    await judge(vector, {
      roots,
      documents: vector.lists.map((name) => (name === null ? null : trust.documents[name])),
    });
  }
  return wrong;
}

describe.for(LANGUAGES)('the client in $name', (language) => {
  const present = test.skipIf(language.missing !== undefined);
  const needs = language.missing === undefined ? '' : ` (needs ${language.missing})`;

  const lacks = new Set(language.lacks);
  const [played, left] = [SCENARIOS.filter(({ needs }) => !needs || !lacks.has(needs)), [...lacks]];

  present.concurrent.for(played)(`$name${needs}`, { timeout: 90_000 }, async ({ name, play }) => {
    await withStage(keys, language, play);
    note(name, language);
  });

  for (const feature of left) {
    const count = SCENARIOS.filter(({ needs }) => needs === feature).length;
    test.skip(`${count} scenarios that need ${feature}, which ${language.name} has not`, () => {});
  }

  present(`judges every vector as it should${needs}`, { timeout: 120_000 }, async () => {
    const adapter = await startAdapter(language);
    expect(await wrongVerdicts(adapter)).toEqual([]);
    await adapter.end('exit');
    note('every vector', language);
  });

  const borrowing = lacks.has('borrow') ? [] : ['borrowed_until', 'mode'];
  present.for(['clock', 'sequence', 'signature', ...borrowing])(
    `is found out when it is broken: %s${needs}`,
    { timeout: 120_000 },
    async (bug) => {
      const adapter = await startAdapter(language, '--broken', bug);
      expect(await wrongVerdicts(adapter)).not.toEqual([]);
      await adapter.end('exit');
      note(`found out when it is broken: ${bug}`, language);
    },
  );

  present(`names this machine, and others, as every client does${needs}`, async () => {
    const [reference, adapter] = [await startAdapter(LANGUAGES[0] ?? language), await startAdapter(language)];
    for (const command of [
      { do: 'hardware_id', application: 'editor' },
      { do: 'hardware_id', application: 'Übersetzer', machine: '0123456789abcdef0123456789abcdef' },
      { do: 'license_key', text: ' ｃs–cnf0r\u00ad‑mance “00000” \u200b' },
    ]) {
      const { id: _, ...expected } = { id: 0, ...(await reference.ask(command)) };
      expect(await adapter.ask(command)).toMatchObject({ ...expected, id: expect.any(Number) });
    }
    await reference.end('exit');
    await adapter.end('exit');
    note('hardware ids and keys', language);
  });
});
