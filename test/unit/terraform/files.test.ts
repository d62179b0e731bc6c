import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { renderPipeline } from '../../../scripts/terraform/pipeline.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** The variables of a module, each with the number of its validations. */
function validations(folder: string): Map<string, number> {
  const blocks = read(`terraform/${folder}variables.tf`)
    .split(/^variable /m)
    .slice(1);
  return new Map(
    blocks
      .map((block) => [/^"(\w+)"/.exec(block)?.[1] ?? '', block.match(/^ {2}validation \{/gm)?.length ?? 0] as const)
      .filter(([, count]) => count > 0),
  );
}

function rejections(file: string): Map<string, number> {
  const expected = new Map<string, number>();
  for (const run of read(`terraform/tests/${file}`).split(/^run /m).slice(1)) {
    const name = /expect_failures = \[var\.(\w+)\]/.exec(run)?.[1];
    if (name === undefined) continue;
    expect(run).toMatch(/^"reject_/);
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  return expected;
}

describe('every validation is seen to reject', () => {
  const modules = globSync('terraform/modules/*', { cwd: ROOT }).map((path) => basename(path));
  const cases = [
    ['', 'variables.tftest.hcl'],
    ...modules
      .filter((name) => validations(`modules/${name}/`).size > 0)
      .map((name) => [`modules/${name}/`, `${name}.tftest.hcl`]),
  ];

  test.each(cases)('terraform/%svariables.tf', (folder = '', file = '') => {
    expect(rejections(file)).toEqual(validations(folder));
  });

  test('in every module that has any', () => {
    expect(cases.length).toBe(12);
  });
});

describe('by convention', () => {
  test.each(globSync('terraform/{,modules/*/}{variables,outputs}.tf', { cwd: ROOT }).sort())(
    '%s is in alphabetical order',
    (file) => {
      const names = [...read(file).matchAll(/^(?:variable|output) "(\w+)"/gm)].map(([, name]) => name);
      expect(names.length).toBeGreaterThan(0);
      expect(names).toEqual(names.toSorted());
    },
  );
});

describe('the pipeline', () => {
  const pipeline = read('cloudbuild.yaml');

  test('has the same commands here as in Cloud Build, in the same order', () => {
    const here = [...read('scripts/pipeline.sh').matchAll(/^ {2}'(npm [^']+)'$/gm)].map(([, command]) => command);
    const there = [...pipeline.matchAll(/^ {4}script: (npm (?:ci|run .+|test))$/gm)].map(([, command]) => command);
    expect(here).toEqual(['npm ci', 'npm run check', 'npm test', 'npm run build']);
    expect(here).toEqual(there);
  });

  test('has every function in its list of images, and takes each by digest', () => {
    const functions = globSync('functions/*/main.ts', { cwd: ROOT }).map((path) => basename(dirname(path)));
    expect(renderPipeline(pipeline, functions.sort())).toBe(pipeline);
    const used = ['cloudbuild.yaml', 'cloudbuild.release.yaml', 'terraform/cloudbuild.yaml'].flatMap((file) =>
      [...read(file).matchAll(/^ {4}name: (.+)$/gm)].map(([, name]) => name ?? ''),
    );
    const bases = globSync('containers/*.Dockerfile', { cwd: ROOT }).flatMap((file) =>
      [...read(file).matchAll(/^(?:FROM|ARG NODE_IMAGE=) ?(\S+)/gm)].map(([, name]) => name ?? ''),
    );
    const all = [...used, ...bases].filter((name) => name !== 'tools' && !name.startsWith('$'));
    expect(all.length).toBeGreaterThan(6);
    expect(all.filter((name) => !/@sha256:[0-9a-f]{64}$/.test(name))).toEqual([]);
  });

  test('who releases runs nothing of the builder: no image of the registry, no install script, no test', () => {
    const steps = read('cloudbuild.release.yaml').split('\nsubstitutions:')[0] ?? '';
    expect(steps).not.toMatch(/_REGISTRY|npm (test|run)/);
    expect(steps).toContain('npm ci --omit dev --ignore-scripts');
  });

  test('sets every substitution that the release reads, and no other', () => {
    const main = read('scripts/release/main.ts');
    const asked = new Set([...main.matchAll(/^ {4}(_[A-Z_]+): z?/gm)].map(([, name]) => name ?? ''));
    const set = new Set(
      [...read('cloudbuild.release.yaml').matchAll(/^ {2}(_[A-Z_]+): /gm)].map(([, name]) => name ?? ''),
    );
    expect(asked.size).toBeGreaterThan(10);
    expect([...asked].filter((name) => !set.has(name))).toEqual([]);
    const elsewhere = ['_REGISTRY', '_SMOKE_SECRET', '_STATUS', '_TRIGGER'];
    expect([...set].filter((name) => !asked.has(name)).sort()).toEqual(elsewhere);
  });

  test('runs scripts that are there', () => {
    const scripts = [...`${pipeline}${read('cloudbuild.release.yaml')}`.matchAll(/(scripts\/[\w/-]+\.(?:sh|ts))/g)].map(
      ([path]) => path,
    );
    expect(scripts.length).toBeGreaterThan(2);
    expect([...scripts].filter((script) => globSync(script, { cwd: ROOT }).length === 0)).toEqual([]);
  });
});

describe('docs/operations.md', () => {
  const page = read('docs/operations.md');
  const all = (text: string, pattern: RegExp) => new Set([...text.matchAll(pattern)].map(([, found = '']) => found));

  test('has what the alerts send people to', () => {
    const headings = all(page, /^## (.+)$/gm);
    const alerts = read('terraform/modules/monitoring/alerts.tf');
    const sent = all(alerts, /docs\/operations\.md, ([\w ]+)[.)]/g);
    expect(sent.size).toBeGreaterThan(3);
    expect([...sent].filter((heading) => !headings.has(heading))).toEqual([]);
  });

  test('names scripts, files and scheduled jobs that are there', () => {
    const scripts = all(page, /(scripts\/[\w/-]+\.(?:sh|ts))/g);
    expect(scripts.size).toBeGreaterThan(1);
    expect([...scripts].filter((script) => globSync(script, { cwd: ROOT }).length === 0)).toEqual([]);
    const jobs = all(read('terraform/functions.tf'), /job = "([\w-]+)"/g);
    const named = all(page, /scheduler jobs \w+ countersign-([\w-]+)/g);
    expect([...named].sort()).toEqual([...jobs].sort());
  });

  test('sets variables that Terraform knows', () => {
    const variables = all(read('terraform/variables.tf'), /^variable "(\w+)"/gm);
    const set = all(page, /`(\w+) = "/g);
    expect(set.size).toBeGreaterThan(1);
    expect([...set].filter((name) => !variables.has(name))).toEqual([]);
  });
});
