import { describe, expect, test } from 'vitest';
import { findViolations, readProject } from '../../../scripts/boundaries/find-violations.ts';
import type { SourceFile } from '../../../scripts/sources.ts';

const project = readProject();

/** The violations of the project with files added to it, or put in the place of files it has. */
function violationsWith(...planted: readonly SourceFile[]): string[] {
  const paths = new Set(planted.map(({ path }) => path));
  return findViolations([...project.filter(({ path }) => !paths.has(path)), ...planted]);
}

/** A line at the top of one of the project's files. */
function prepend(path: string, line: string): SourceFile {
  const file = project.find((one) => one.path === path);
  if (file === undefined) throw new Error(`no file ${path}`);
  return { path, text: `${line}\n${file.text}` };
}

const append = (path: string, text: string): SourceFile => {
  const { text: before } = prepend(path, '');
  return { path, text: `${before}\n${text}\n` };
};

test('the project has no violation', () => {
  expect(project.length).toBeGreaterThan(300);
  expect(findViolations(project)).toEqual([]);
});

describe('a planted import breaks the rule', () => {
  const planted: readonly [rule: RegExp, path: string, line: string][] = [
    [/the domain knows no HTTP/, 'functions/admin/licenses.ts', "import { bind } from '#shared/http/validate.ts';"],
    [/the domain knows no HTTP/, 'functions/admin/tenants.ts', "import type { Route } from '#shared/http/route.ts';"],
    [/the domain knows no HTTP/, 'functions/task-payloads/create.ts', "import { request } from 'node:http';"],
    [/only http\/, contract\/ and gcp\/ know HTTP/, 'shared/signing/budget.ts', "import '../http/route.ts';"],
    [/only http\/, contract\/ and gcp\/ know HTTP/, 'shared/model/clock.ts', "export { request } from 'node:https';"],
    [/store\/ imports nothing/, 'shared/store/jobs.ts', "import { Fault } from '../model/errors.ts';"],
    [/concurrency\/ imports nothing/, 'shared/concurrency/keyed-mutex.ts', "import '../store/store.ts';"],
    [/license-format\/ imports nothing/, 'shared/license-format/time.ts', "import { hash } from 'node:crypto';"],
    [/the client imports nothing/, 'client/src/license/verify.ts', "import '../../../shared/crypto/license.ts';"],
    [/the client imports nothing/, 'client/src/license/verify.ts', "import 'jose';"],
    [/shared\/ imports nothing of the project/, 'shared/model/clock.ts', "import '#functions/docs/main.ts';"],
    [/nothing of another function/, 'functions/admin/audit.ts', "import '#functions/docs/main.ts';"],
    [/only shared\/gcp\/ imports Google's/, 'functions/admin/index.ts', "import '@google-cloud/kms';"],
    [/names adapters/, 'functions/admin/licenses.ts', "import '#shared/gcp/firestore.ts';"],
    [/crypto\/ is pure/, 'shared/crypto/merkle.ts', "import { readFileSync } from 'node:fs';"],
    [/no HTTP server and no adapter/, 'shared/contract/admin.ts', "import '../gcp/kms.ts';"],
    [/knows functions-framework/, 'functions/admin/main.ts', "import '@google-cloud/functions-framework';"],
    [/is listed under "dependencies"/, 'shared/model/clock.ts', "import 'left-pad';"],
  ];

  test.each(planted)('%s', (rule, path, line) => {
    const violations = violationsWith(prepend(path, line));
    expect(violations).not.toEqual([]);
    expect(violations.filter((one) => rule.test(one) && one.startsWith(path))).toHaveLength(1);
  });
});

describe('a planted circle is found', () => {
  test('of two files, by types alone', () => {
    const planted = prepend('shared/keys/key-source.ts', "import type { nextList } from './list-rules.ts';");
    expect(violationsWith(planted)).toEqual([
      expect.stringMatching(/^circular import: .*shared\/keys\/key-source\.ts/),
    ]);
  });

  test('of three files', () => {
    const violations = violationsWith(
      { path: 'shared/model/a.ts', text: "import './b.ts';" },
      { path: 'shared/model/b.ts', text: "export * from './c.ts';" },
      { path: 'shared/model/c.ts', text: "import './a.ts';" },
    );
    expect(violations).toEqual([
      'circular import: shared/model/a.ts → shared/model/b.ts → shared/model/c.ts → shared/model/a.ts',
    ]);
  });
});

describe('a planted export that nobody imports is found', () => {
  test.each([
    ['a function', 'export function forgotten(): void {}'],
    ['an asynchronous function', 'export async function forgotten(): Promise<void> {}'],
    ['a constant that its own file uses', 'export const forgotten = 1;\nvoid forgotten;'],
    ['a class', 'export class forgotten {}'],
    ['a type that nothing mentions', 'export type forgotten = string;'],
    ['a list', 'const forgotten = 1;\nexport { forgotten };'],
  ])('%s', (_, text) => {
    expect(violationsWith(append('shared/license-format/time.ts', text))).toEqual([
      'shared/license-format/time.ts exports forgotten, which no other file imports',
    ]);
  });

  test('but not one that a test imports, by name or as a module', () => {
    const planted = append('shared/license-format/time.ts', 'export const forgotten = 1;');
    const path = 'test/unit/planted.test.ts';
    const time = '#shared/license-format/time.ts'; // apart, so that these lines are no imports of this file
    for (const text of [
      `import { forgotten as known } from '${time}';`,
      `import * as time from '${time}';\ntime.forgotten;`,
      `const { forgotten } = await import('${time}');`,
    ]) {
      expect(violationsWith(planted, { path, text })).toEqual([]);
    }
  });

  test('nor a type that describes another export', () => {
    const text = 'export interface Options {}\nexport const planted = (_: Options) => 0;';
    const importing = {
      path: 'test/unit/planted.test.ts',
      text: "import { planted } from '#shared/license-format/time.ts';",
    };
    expect(violationsWith(append('shared/license-format/time.ts', text), importing)).toEqual([]);
  });
});
