import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Metafile, type Plugin } from 'esbuild';
import * as z from 'zod';
import { stateOf } from '#local/start-bundle.mjs';
import { ROOT } from '../sources.ts';

const ENTRY = 'functions/console/app/main.tsx';
/** Another way of building makes another app of the same sources. */
const BUILD = 'scripts/build/console-app.ts';

/** How the app is bundled: names with a hash of the content, and what is not needed at once in files of its own. */
const OPTIONS = {
  absWorkingDir: ROOT,
  entryPoints: [ENTRY],
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  entryNames: '[name]-[hash]',
  chunkNames: 'part-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: '/console/assets',
  loader: { '.svg': 'file', '.png': 'file', '.woff2': 'file' },
  metafile: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions;

const NAMESPACE = 'first-screen';

/** As much of `manifest.json` as says whether it is still right; `functions/console/app-files.ts` reads the rest. */
const built = z.object({ sources: z.record(z.string(), z.string()) });

/** Builds the console's app into a folder. The manifest comes last and at once, so that nobody reads half a build. */
export async function buildConsoleApp(out: string): Promise<void> {
  const { metafile: apart } = await build({ ...OPTIONS, outdir: out, write: false });
  const { metafile } = await build({ ...OPTIONS, outdir: out, plugins: [keepTogether(apart)] });
  await mkdir(out, { recursive: true });
  const draft = join(out, `manifest.${process.pid}.draft`);
  await writeFile(draft, `${JSON.stringify(manifestOf(metafile), null, 2)}\n`);
  await rename(draft, join(out, 'manifest.json'));
}

/**
 * esbuild makes a file for each set of screens that share a module, so the first screen would be some twenty files, most
 * of them smaller than the headers they come with. With this plugin every screen imports all that the first one has, which
 * is loaded by then: the set is the same for all of it, and it becomes one file.
 * @param apart of a build without the plugin
 */
function keepTogether({ outputs }: Metafile): Plugin {
  const screens = new Set(
    Object.values(outputs).flatMap(({ entryPoint }) =>
      entryPoint === undefined || entryPoint === ENTRY ? [] : [join(ROOT, entryPoint)],
    ),
  );
  const first = staticFiles(outputs).flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  const imports = first.filter((file) => /\.tsx?$/.test(file) && file !== ENTRY);
  return {
    name: 'keep the first screen together',
    setup({ onLoad, onResolve }) {
      onResolve({ filter: /^first-screen$/ }, () => ({ path: 'first-screen', namespace: NAMESPACE }));
      onLoad({ filter: /.*/, namespace: NAMESPACE }, () => ({
        contents: imports.map((file) => `import ${JSON.stringify(join(ROOT, file))};`).join('\n'),
        resolveDir: ROOT,
      }));
      onLoad({ filter: /\.tsx?$/ }, async ({ path }) => {
        if (!screens.has(path)) return undefined;
        return { contents: `${await readFile(path, 'utf8')}\nimport 'first-screen';\n`, loader: 'tsx' };
      });
    },
  };
}

/** The built files that the first script imports at once, itself among them. */
function staticFiles(outputs: Metafile['outputs']): string[] {
  const main = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === ENTRY)?.[0];
  const found = new Set<string>();
  const add = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    for (const { kind, path } of outputs[file]?.imports ?? []) if (kind === 'import-statement') add(path);
  };
  if (main !== undefined) add(main);
  return [...found];
}

/** The same, unless the folder has been built from the sources as they are. */
export async function refreshConsoleApp(out: string): Promise<void> {
  const there = await readFile(join(out, 'manifest.json'), 'utf8').catch(() => '{}');
  const { data } = built.safeParse(JSON.parse(there));
  const isRight =
    data?.sources[BUILD] !== undefined &&
    Object.entries(data.sources).every(([file, state]) => stateOf(join(ROOT, file)) === state);
  if (!isRight) await buildConsoleApp(out);
}

function manifestOf({ inputs, outputs }: Metafile) {
  const [path, main] = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === ENTRY) ?? [];
  if (path === undefined || main === undefined) throw new Error(`esbuild has made nothing of ${ENTRY}`);
  return {
    script: basename(path),
    styles: main.cssBundle === undefined ? [] : [basename(main.cssBundle)],
    preload: main.imports.filter(({ kind }) => kind === 'import-statement').map((one) => basename(one.path)),
    files: Object.keys(outputs).map((one) => basename(one)),
    sources: Object.fromEntries(
      [BUILD, ...Object.keys(inputs).filter(isFile)].map((file) => [file, stateOf(join(ROOT, file))]),
    ),
  };
}

/** What a plugin has made up is no file. */
const isFile = (input: string): boolean => !input.startsWith(`${NAMESPACE}:`);

if (process.argv[1] === import.meta.filename) {
  const out = process.argv[2] ?? join(ROOT, '.local', 'console');
  await buildConsoleApp(out);
  process.stdout.write(`console            ${out}\n`);
}
