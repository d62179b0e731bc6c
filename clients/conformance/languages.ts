import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import type { Feature } from './scenarios/scenario.ts';

/** A client's adapter, and how it is started. */
export interface Language {
  readonly name: string;
  readonly command: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is missing here, where it cannot run. */
  readonly missing?: string;
  /** What it does not have yet: the scenarios that need it are left out by name. */
  readonly lacks?: readonly Feature[];
}

const CLIENTS = resolve(import.meta.dirname, '..');
const BUILT = resolve(CLIENTS, '../.local/clients');

function succeeds(program: string, ...args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore', timeout: 60_000 });
    return true;
  } catch {
    return false;
  }
}

/** In one file, since a scenario starts several programs, and reading the sources takes each of them half a second. */
function typescript(): Language {
  const program = join(BUILT, 'typescript-adapter.mjs');
  const entryPoints = [join(CLIENTS, 'conformance/typescript.ts')];
  buildSync({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', target: 'node24' });
  return { name: 'typescript', command: [process.execPath, program], folder: CLIENTS };
}

/** The interpreter itself: what is called python3 may be a script that looks for it at each start. */
function python(): Language {
  const folder = join(CLIENTS, 'python');
  const named = (program: string) => ({ name: 'python', command: [program, '-u', 'conformance.py'], folder });
  try {
    const program = 'import cryptography, sys; print(sys.executable)';
    return named(execFileSync('python3', ['-c', program], { encoding: 'utf8', stdio: 'pipe', timeout: 60_000 }).trim());
  } catch {
    return { ...named('python3'), missing: 'python3-cryptography' };
  }
}

function go(): Language {
  const folder = join(CLIENTS, 'go');
  const program = join(BUILT, 'go-adapter');
  const language = { name: 'go', command: [program], folder };
  if (!succeeds('go', 'version')) return { ...language, missing: 'go' };
  mkdirSync(BUILT, { recursive: true });
  execFileSync('go', ['build', '-o', program, './internal/adapter'], { cwd: folder, stdio: 'inherit' });
  return language;
}

/** Every client that there is. A toolchain that is missing is named. */
export const languages = (): readonly Language[] => [
  typescript(),
  ...(existsSync(join(CLIENTS, 'python')) ? [python()] : []),
  ...(existsSync(join(CLIENTS, 'go')) ? [go()] : []),
];
