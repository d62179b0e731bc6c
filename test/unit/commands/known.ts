import { spawnSync } from 'node:child_process';
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Flags by command, `run services update`; of every command under `''`. */
export type Flags = Readonly<Record<string, readonly string[]>>;

const FILE = join(import.meta.dirname, 'known-flags.json');
const NONE: Flags = {};

/** What newer releases of gcloud have, by their documentation; an older one that is installed lacks it. */
const NEWER: Flags = {
  'firestore databases clone': ['--destination-database', '--snapshot-time', '--source-database'],
};

export const listed = (): { gcloud: Flags; terraform: Flags } => JSON.parse(readFileSync(FILE, 'utf8'));

/** What gcloud says of itself: the tree that its shell completion goes by. Undefined where it is not installed. */
export function installedGcloud(): Flags | undefined {
  const which = spawnSync('sh', ['-c', 'command -v gcloud'], { encoding: 'utf8' });
  if (which.status !== 0) return undefined;
  const data = join(dirname(realpathSync(which.stdout.trim())), '../data/cli');
  const python = `
import sys, json
sys.path.insert(0, sys.argv[1]); sys.dont_write_bytecode = True
import gcloud_completions
tree = next(v for v in vars(gcloud_completions).values() if isinstance(v, dict) and 'commands' in v)
out = {'': sorted(tree['flags'])}
def walk(node, path):
    out[' '.join(path)] = sorted(node['flags'])
    for name, child in node['commands'].items(): walk(child, path + [name])
for name, child in tree['commands'].items():
    if name not in ('alpha', 'beta'): walk(child, [name])
json.dump(out, sys.stdout)`;
  const read = spawnSync('python3', ['-c', python, data], { encoding: 'utf8', maxBuffer: 64 << 20 });
  return read.status === 0 ? { ...NEWER, ...JSON.parse(read.stdout) } : undefined;
}

/** What \`terraform COMMAND -help\` says. Undefined where it is not installed. */
export function installedTerraform(commands: readonly string[]): Flags | undefined {
  if (spawnSync('terraform', ['version']).error !== undefined) return undefined;
  const flags = commands.map((command) => {
    const { stdout } = spawnSync('terraform', [...command.split(' '), '-help'], { encoding: 'utf8' });
    const named = [...stdout.matchAll(/(?:^|[\s[])-([a-z][a-z-]*)/gm)].map(([, name]) => `-${name}`);
    return [command, [...new Set(named)].sort()] as const;
  });
  return Object.fromEntries([['', ['-chdir', '-help', '-version']], ...flags]);
}

/** Writes the list from the tools that are installed here, of these commands alone. */
export function writeListed(gcloud: readonly string[], terraform: readonly string[]): void {
  const all = installedGcloud() ?? NONE;
  const some = Object.fromEntries(['', ...gcloud].sort().map((command) => [command, all[command] ?? []]));
  const list = { gcloud: some, terraform: installedTerraform([...terraform].sort()) ?? NONE };
  writeFileSync(FILE, `${JSON.stringify(list, null, 2)}\n`);
}
