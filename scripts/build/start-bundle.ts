import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { currentStartBundle, startBundleFolder, stateOf } from '#local/start-bundle.mjs';
import { ROOT } from '../sources.ts';
import { leftOut } from './left-out.ts';

const ENTRY = 'local/start.ts';
/** Changes with every `npm ci` and `npm install`, and says what they have installed. */
const PACKAGES = 'node_modules/.package-lock.json';
/** Milliseconds. A suite that still runs may load parts of an older bundle. */
const KEPT_FOR = 86_400_000;

/** What packages in CommonJS expect to find: an ECMAScript module has none of it. */
const COMMONJS = `
import { createRequire as $create } from 'node:module';
const require = $create(${JSON.stringify(pathToFileURL(join(ROOT, ENTRY)).href)});
const __filename = ${JSON.stringify(join(ROOT, ENTRY))};
const __dirname = ${JSON.stringify(join(ROOT, dirname(ENTRY)))};
`;

/** Makes the bundle that the next `npm start` runs, unless there is one of the sources as they are. */
export async function refreshStartBundle(): Promise<void> {
  if (currentStartBundle(ROOT) === undefined) await buildStartBundle();
}

/** Names carry a hash of the content, and the manifest comes last and at once, so that nobody runs half a bundle. */
async function buildStartBundle(): Promise<void> {
  const folder = startBundleFolder(ROOT);
  const packages = stateOf(join(ROOT, PACKAGES));
  const { metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [ENTRY],
    outdir: folder,
    entryNames: '[name]-[hash]',
    chunkNames: 'part-[hash]',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    keepNames: true,
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
    external: ['@node-rs/crc32-*', 'esbuild'],
    banner: { js: COMMONJS },
    plugins: [scriptsStay, placesStay, leftOut],
  });
  const [entry] = Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === ENTRY) ?? [];
  if (entry === undefined) throw new Error(`esbuild has made nothing of ${ENTRY}`);
  const own = Object.keys(metafile.inputs).filter((file) => !file.includes('node_modules/') && !file.includes(':'));
  const sources = { [PACKAGES]: packages, ...Object.fromEntries(own.map((file) => [file, stateOf(join(ROOT, file))])) };
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `manifest.${process.pid}.draft`);
  await writeFile(draft, JSON.stringify({ entry: basename(entry), sources }));
  await rename(draft, join(folder, 'manifest.json'));
  await removeOld(folder, new Set(Object.keys(metafile.outputs).map((file) => basename(file))));
}

/** What is built when it is needed is no part of a start. */
const scriptsStay: Plugin = {
  name: 'scripts-stay',
  setup(build) {
    build.onResolve({ filter: /\/scripts\/build\/.*\.ts$/ }, ({ path, resolveDir }) => ({
      path: pathToFileURL(join(resolveDir, path)).href,
      external: true,
    }));
  },
};

/** Our modules look for files beside their sources, where they go on being. */
const placesStay: Plugin = {
  name: 'places-stay',
  setup(build) {
    build.onLoad({ filter: /[\\/](local|functions|shared)[\\/].*\.ts$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined;
      const text = await readFile(path, 'utf8');
      const contents = text
        .replaceAll('import.meta.dirname', JSON.stringify(dirname(path)))
        .replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href));
      return { contents, loader: 'ts' };
    });
  },
};

async function removeOld(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const file = join(folder, name);
    const { mtimeMs } = await stat(file);
    if (name !== 'manifest.json' && !kept.has(name) && Date.now() - mtimeMs > KEPT_FOR) await rm(file);
  }
}
