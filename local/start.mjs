// What `npm start` runs. Plain JavaScript that an old Node reads as well, since only this file can tell its user what
// is missing: the packages, or a Node that runs TypeScript. Everything else is imported after these checks.
import { existsSync } from 'node:fs';
import nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { nodeProblem } from './node-version.mjs';
import { currentStartBundle } from './start-bundle.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Ends with one sentence instead of a stack trace. */
function giveUp(sentence) {
  process.stderr.write(`countersign could not start: ${sentence}\n`);
  process.exit(1);
}

const NOT_INSTALLED = 'its packages are not installed. Run npm ci, then npm start.';

if (!existsSync(join(root, 'node_modules'))) giveUp(NOT_INSTALLED);
const problem = nodeProblem(root);
if (problem !== undefined) giveUp(problem);

// Keys are made on the threads of libuv's pool, which files are read on, too: there have to be some left.
process.env['UV_THREADPOOL_SIZE'] ??= '8';

process.stdout.write(`countersign is starting on Node ${process.versions.node}\n`);
// Node 22 warns that it strips types, which is what it is here for.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).includes('Type Stripping')) emitWarning.call(process, warning, ...rest);
};
// Compiled code is kept from start to start: half of the time goes into compiling Google's clients.
nodeModule.enableCompileCache?.(join(root, '.local', 'compile-cache'));

try {
  const bundle = currentStartBundle(root);
  await import(bundle === undefined ? './start.ts' : pathToFileURL(bundle).href);
} catch (error) {
  if (error?.code === 'ERR_MODULE_NOT_FOUND' && /Cannot find package/.test(error.message)) giveUp(NOT_INSTALLED);
  throw error;
}
