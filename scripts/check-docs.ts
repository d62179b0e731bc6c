import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as z from 'zod';
import { FUNCTIONS } from '#local/functions.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { ROOT, report } from './sources.ts';

/**
 * Documentation against code: docs/api.md has every route and no other, no document names a route that is not there,
 * every file or folder that a document names in backticks is there, docs/README.md leads to every page, the README's
 * figures are those of docs/benchmarks.md, and .env.example is what the functions' schemas say (`--write` makes it so).
 */
const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');

const routes = new Set<string>(
  Object.values(CONTRACT)
    .flat()
    .filter(({ pageOnly }) => pageOnly !== true)
    .map(({ method, path }) => `${method} ${path}`),
);

function checkRoutes(): string[] {
  const mentioned = /\b(GET|POST|PUT|PATCH|DELETE) (\/(?:api|internal|webhooks|\.well-known|signed-url)[\w/{}.-]*)/g;
  const table = new Set([...read('docs/api.md').matchAll(mentioned)].map(([text]) => text));
  const missing = [...routes].filter((route) => !table.has(route)).map((route) => `docs/api.md: no ${route}`);
  const unknown = globSync(['README.md', 'docs/*.md'], { cwd: ROOT }).flatMap((file) =>
    [...read(file).matchAll(mentioned)]
      .map(([text]) => text.replace(/[.]$/, ''))
      .filter((route) => !routes.has(route))
      .map((route) => `${file}: ${route} is not a route`),
  );
  return [...missing, ...unknown];
}

/** A path with a placeholder in it (`functions/NAME/index.ts`, `*-handlers.ts`) names no file. */
const PATH = /`((?:bench|client|containers|docs|functions|local|scripts|shared|terraform|test)\/[\w./-]*)`/g;

function checkPaths(): string[] {
  const documents = globSync(['*.md', 'docs/*.md', 'client/*.md', 'test/*/*.md'], { cwd: ROOT });
  return documents.flatMap((file) =>
    [...read(file).matchAll(PATH)]
      .map(([, path = '']) => path)
      .filter((path) => !/[A-Z]{3}/.test(path) && !existsSync(join(ROOT, path)))
      .map((path) => `${file}: there is no ${path}`),
  );
}

/** The map of the documentation leads to every page of it. */
function checkMap(): string[] {
  const linked = new Set([...read('docs/README.md').matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page = '']) => page));
  return globSync('docs/*.md', { cwd: ROOT })
    .map((file) => file.slice('docs/'.length))
    .filter((page) => page !== 'README.md' && !linked.has(page))
    .map((page) => `docs/README.md: no link to ${page}`);
}

/** A figure of the README is bold in a line that links to docs/benchmarks.md, which has it from a benchmark's own run. */
function checkFigures(): string[] {
  const measured = read('docs/benchmarks.md');
  return read('README.md')
    .split('\n')
    .filter((line) => line.includes('](docs/benchmarks.md'))
    .flatMap((line) => [...line.matchAll(/\*\*([\d.,]+)/g)].map(([, figure = '']) => figure))
    .filter((figure) => !measured.includes(figure))
    .map((figure) => `README.md: ${figure} is not in docs/benchmarks.md`);
}

function describe(schema: z.ZodType): string {
  return schema.description ?? '';
}

function renderEnvironment(): string {
  const readers = new Map<string, { schema: z.ZodType; functions: string[] }>();
  for (const { name, config } of FUNCTIONS) {
    for (const [variable, schema] of Object.entries(config.shape)) {
      const entry = readers.get(variable) ?? { schema, functions: [] as string[] };
      entry.functions.push(name);
      readers.set(variable, entry);
    }
  }
  const everywhere = FUNCTIONS.length;
  const blocks = [...readers].map(([variable, { schema, functions }]) => {
    const who = functions.length === everywhere ? 'every function' : functions.join(', ');
    const fallback = schema.safeParse(undefined);
    const value = fallback.success && fallback.data !== undefined ? String(fallback.data) : '';
    const need = fallback.success ? 'optional' : 'required';
    return `# ${describe(schema)}\n# ${need}; read by ${who}\n${variable}=${value}\n`;
  });
  return `# The environment of the functions, from their schemas. PORT is set by Cloud Run.\n\n${blocks.join('\n')}`;
}

function checkEnvironment(): string[] {
  const rendered = renderEnvironment();
  if (process.argv.includes('--write')) writeFileSync(join(ROOT, '.env.example'), rendered);
  return read('.env.example') === rendered
    ? []
    : ['.env.example: differs from the schemas; node scripts/check-docs.ts --write'];
}

report(`documentation (${routes.size} routes)`, [
  ...checkRoutes(),
  ...checkPaths(),
  ...checkMap(),
  ...checkFigures(),
  ...checkEnvironment(),
]);
