import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const FOLDER = join(ROOT, '.local', 'bench');
/** Written last, so that a run that was cut short leaves nothing that looks complete. */
const COMPLETE = 'complete';

const run = promisify(execFile);

/**
 * The project as it was at a commit, with that commit's own packages and bundles, in `.local/bench/before-COMMIT`, where it
 * is kept for the next run.
 * @returns its folder; undefined, after a line that says why, where it cannot be had
 */
export async function earlierTree(commit: string): Promise<string | undefined> {
  const found = await run('git', ['rev-parse', '--verify', `${commit}^{commit}`], { cwd: ROOT }).catch(() => undefined);
  if (found === undefined) {
    console.log(
      `no "before": this clone does not have the commit ${commit} (a shallow one needs git fetch --unshallow)`,
    );
    return undefined;
  }
  const name = found.stdout.trim();
  const tree = join(FOLDER, `before-${name.slice(0, 12)}`);
  if (existsSync(join(tree, COMPLETE))) return tree;
  try {
    console.log(`building the bundles of ${name.slice(0, 12)}`);
    await make(name, tree);
    return tree;
  } catch (error) {
    console.log(`no "before": ${commit} could not be built: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** @throws Error of the command that failed, with its output */
async function make(commit: string, tree: string): Promise<void> {
  await rm(tree, { recursive: true, force: true });
  await mkdir(tree, { recursive: true });
  const archive = `${tree}.tar`;
  await run('git', ['archive', '--output', archive, commit], { cwd: ROOT });
  await run('tar', ['-xf', archive, '-C', tree]);
  await rm(archive);
  const lock = (folder: string) => readFile(join(folder, 'package-lock.json'), 'utf8');
  if ((await lock(tree)) === (await lock(ROOT))) {
    await symlink(join(ROOT, 'node_modules'), join(tree, 'node_modules'), 'junction');
  } else {
    await run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tree, shell: process.platform === 'win32' });
  }
  await run(process.execPath, [join(tree, 'scripts/build.ts')], { cwd: tree });
  await writeFile(join(tree, COMPLETE), '');
}
