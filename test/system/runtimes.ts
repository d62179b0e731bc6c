import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

/** Something that runs JavaScript. */
export interface Runtime {
  readonly name: string;
  /** Undefined where it is not installed. */
  readonly path: string | undefined;
  /** Before the name of a file to run. */
  readonly args: readonly string[];
}

/** The lowest version that `engines` of the client names; .ci/run installs it. */
const OLDEST = 20;

const THIS_NODE: Runtime = { name: 'this Node', path: process.execPath, args: [] };

/** All that the client says it runs in. */
export const RUNTIMES: readonly Runtime[] = [
  THIS_NODE,
  { name: `Node ${OLDEST}, the oldest`, path: oldestNode(), args: [] },
  {
    name: 'Deno',
    path: binary('@deno', 'deno'),
    args: ['run', '--quiet', '--allow-all', '--no-lock', '--node-modules-dir=manual'],
  },
  { name: 'Bun', path: binary('@oven', 'bin/bun'), args: ['run'] },
];

/** npm installs the binary for this machine alone, as an optional dependency; libc and instruction set vary in its name. */
function binary(scope: string, file: string): string | undefined {
  const { platform, arch } = process;
  const packages = { '@deno': `linux-${arch}-glibc`, '@oven': `bun-linux-${arch === 'arm64' ? 'aarch64' : arch}` };
  const name = packages[scope as keyof typeof packages];
  const path = join(ROOT, 'node_modules', scope, name, file);
  return platform === 'linux' && existsSync(path) ? path : undefined;
}

/** The very first of that version, as .ci/run installs it; else one that happens to be here. */
function oldestNode(): string | undefined {
  const folders = [
    join(ROOT, '.local/oldest-node/node_modules/.bin'),
    ...(process.env['PATH'] ?? '').split(':'),
    '/usr/bin',
  ];
  return folders
    .map((folder) => join(folder, 'node'))
    .find((path) => existsSync(path) && execFileSync(path, ['-v'], { encoding: 'utf8' }).startsWith(`v${OLDEST}.`));
}
