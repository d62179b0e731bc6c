// The start's code in one file instead of the twelve hundred that it is written in: finding those takes longer than
// running them. Plain JavaScript, as start.mjs, which asks for it before anything else is loaded.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} root the project's folder */
export const startBundleFolder = (root) => join(root, '.local', 'start');

/**
 * Where the bundle of local/start.ts is, if there is one of exactly these sources and packages.
 *
 * @param {string} root the project's folder
 * @returns {string | undefined} the path of a module
 */
export function currentStartBundle(root) {
  const folder = startBundleFolder(root);
  try {
    const { entry, sources } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    const isCurrent = Object.entries(sources).every(([file, state]) => stateOf(join(root, file)) === state);
    return isCurrent ? join(folder, entry) : undefined;
  } catch {
    return undefined; // there is none yet, or none that can be read: the sources are there
  }
}

/**
 * Size and time of a source file.
 *
 * @param {string} file
 * @returns {string | undefined} undefined for one that is gone
 */
export function stateOf(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.size} ${stat.mtimeMs}`;
}
