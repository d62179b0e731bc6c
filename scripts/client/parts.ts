import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { importsOf, ROOT, readSources } from '../sources.ts';

const SOURCES = 'client/src';

/**
 * What several entries of the package share. Each part is compiled once, to CommonJS; its twin for browsers is the same
 * text as an ES module. npm sorts a package's files by name before path, so the twins lie side by side and the second
 * one costs next to nothing in the tarball, as long as both fit into gzip's window of 32 KiB.
 */
interface Part {
  readonly name: string;
  /** Files and folders of client/src and shared/. */
  readonly holds: readonly string[];
  /** Whether browsers need it as well. */
  readonly isForBrowsers: boolean;
}

const PARTS: readonly Part[] = [
  {
    name: 'verify',
    holds: [
      'shared/license-format/',
      `${SOURCES}/keys/`,
      `${SOURCES}/license/`,
      `${SOURCES}/text/`,
      `${SOURCES}/encoding.ts`,
      `${SOURCES}/hardware-id.ts`,
      `${SOURCES}/json.ts`,
      `${SOURCES}/trusted-clock.ts`,
      `${SOURCES}/storage/memory.ts`,
    ],
    isForBrowsers: true,
  },
  {
    name: 'server',
    holds: ['api', 'backoff', 'cache', 'error', 'events', 'failure', 'options'].map(
      (name) => `${SOURCES}/seat/${name}.ts`,
    ),
    isForBrowsers: true,
  },
  {
    name: 'seat',
    holds: [`${SOURCES}/seat/`, `${SOURCES}/storage/guarded.ts`, `${SOURCES}/storage/web.ts`],
    isForBrowsers: true,
  },
  { name: 'platform', holds: [`${SOURCES}/platform/node`, `${SOURCES}/storage/file.ts`], isForBrowsers: false },
];

const FOLDERS = { cjs: 'cjs', esm: 'esm' } as const;
type Format = keyof typeof FOLDERS;

/** Each entry that needs them has its own copy: browsers need no request code, and the alphabet is one line. */
const COPIED = ['shared/license-format/request-code.ts', 'shared/license-format/crockford.ts'];

const partOf = (path: string): Part | undefined =>
  COPIED.includes(path) ? undefined : PARTS.find(({ holds }) => holds.some((one) => path.startsWith(one)));

export const SHARED_OPTIONS = {
  bundle: true,
  target: 'es2022',
  minify: true,
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Leads imports of other parts to the files that those become.
 * @param own the part that is being built; undefined for an entry of the package
 */
export const otherParts = (format: Format, own?: Part): Plugin => ({
  name: 'parts',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.?\// }, ({ path, resolveDir }) => {
      const file = join(resolveDir, path)
        .slice(ROOT.length + 1)
        .replaceAll('\\', '/');
      const part = partOf(file);
      if (part === undefined || part === own) return undefined;
      return { path: `${own === undefined ? `./${FOLDERS[format]}` : '.'}/${part.name}.js`, external: true };
    });
  },
});

/** Builds every part into `cjs/`, and those for browsers into `esm/` as well. */
export async function buildParts(out: string): Promise<void> {
  const exported = exportedNames();
  for (const part of PARTS) {
    const names = exported.get(part) ?? new Map();
    const text = await compile(part, names);
    await write(join(out, FOLDERS.cjs, `${part.name}.js`), text);
    if (part.isForBrowsers) await write(join(out, FOLDERS.esm, `${part.name}.js`), asModule(text, [...names.keys()]));
  }
  // The package as a whole is of ES modules.
  await write(join(out, FOLDERS.cjs, 'package.json'), '{"type":"commonjs"}\n');
}

async function compile(part: Part, names: ReadonlyMap<string, string>): Promise<string> {
  const contents = [...names].map(([name, file]) => `export { ${name} } from './${file}';`).join('\n');
  const { outputFiles } = await build({
    ...SHARED_OPTIONS,
    stdin: { contents, resolveDir: ROOT, loader: 'ts' },
    format: 'cjs',
    platform: 'node',
    write: false,
    plugins: [otherParts('cjs', part)],
  });
  return outputFiles[0]?.text ?? '';
}

/** The same text, called with what CommonJS gives a module. */
function asModule(text: string, names: readonly string[]): string {
  const needed = [...new Set(Array.from(text.matchAll(/\brequire\("([^"]+)"\)/g), ([, path]) => path ?? ''))];
  const imports = needed.map((path, index) => `import*as p${index} from"${path}";`).join('');
  const found = needed.map((path, index) => `${JSON.stringify(path)}:p${index}`).join();
  return [
    `${imports}const m={exports:{}};((module,require)=>{`,
    `${text}})(m,path=>({${found}})[path]);export const{${names.join()}}=m.exports;`,
    '',
  ].join('\n');
}

/**
 * What each part exports: the values that other parts and the entries import from it.
 * @returns for each part the name and the file that exports it
 * @throws Error where two files of a part export different things under one name
 */
function exportedNames(): ReadonlyMap<Part, ReadonlyMap<string, string>> {
  const exported = new Map<Part, Map<string, string>>(PARTS.map((part) => [part, new Map()]));
  const files = readSources([`${SOURCES}/**/*.ts`]);
  const values = new Map(
    readSources([`${SOURCES}/**/*.ts`, 'shared/license-format/*.ts']).map(({ path, text }) => [path, valuesOf(text)]),
  );
  for (const file of files) {
    for (const { to, names } of importsOf(file)) {
      const part = partOf(to);
      if (part === undefined || part === partOf(file.path)) continue;
      for (const name of names ?? []) {
        if (values.get(to)?.has(name) !== true) continue; // a type
        const known = exported.get(part);
        const other = known?.get(name);
        if (other !== undefined && other !== to) throw new Error(`${to} and ${other} both export ${name}`);
        known?.set(name, to);
      }
    }
  }
  return exported;
}

const valuesOf = (text: string): ReadonlySet<string> =>
  new Set(
    Array.from(text.matchAll(/^export (?:async )?(?:const|let|function|class) (\w+)/gm), ([, name]) => name ?? ''),
  );

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
}
