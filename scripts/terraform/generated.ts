import { BUCKETS } from '#local/buckets.ts';
import type { Code } from './code.ts';
import { renderIndexes } from './indexes.ts';
import { routeFile } from './routes.ts';

/**
 * The files of terraform/ that are written from the code, by name. Terraform decodes them, so that a route, a variable,
 * a right, an index or a bucket's setting of the code is Terraform's without being written twice.
 *
 * @param texts of the files as they are: indexes.json keeps what is declared there alone
 */
export function generatedFiles(code: Code, texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  return new Map([
    ['buckets.json', render(BUCKETS)],
    ['environment.json', render(sorted(code.environment))],
    ['indexes.json', renderIndexes(code.indexes, texts.get('indexes.json') ?? '{}')],
    ['rights.json', render(code.rights)],
    ['routes.json', render(routeFile(code.contract))],
  ]);
}

/** @returns a line for each file that is not what the code says, with the first line that differs */
export function checkGenerated(code: Code, texts: ReadonlyMap<string, string>): string[] {
  return [...generatedFiles(code, texts)].flatMap(([file, wanted]) => {
    const there = texts.get(file) ?? '';
    if (there === wanted) return [];
    const before = there.split('\n');
    const line = wanted.split('\n').findIndex((text, index) => text !== before[index]);
    const [is, ought] = [before[line], wanted.split('\n')[line]].map((text) => text?.trim() ?? 'the end');
    return [
      `terraform/${file}:${line + 1}: has ${is}, and the code says ${ought}; run node scripts/check-terraform.ts --write`,
    ];
  });
}

const render = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

const sorted = <V>(map: Readonly<Record<string, V>>) =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
