import { globSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..');

export interface Import {
  /** The importing file, relative to the project. */
  readonly from: string;
  /** The imported file, relative to the project, or the bare name of a package. */
  readonly to: string;
}

const IMPORT = /^\s*(?:import|export)\b[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** Every import of the project's TypeScript, read as text. */
export function readImports(patterns: readonly string[]): Import[] {
  return globSync([...patterns], { cwd: ROOT }).flatMap((file) => {
    const from = file.replaceAll('\\', '/');
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [...text.matchAll(IMPORT)].map((found) => ({
      from,
      to: resolveImport(from, found[1] ?? found[2] ?? found[3] ?? ''),
    }));
  });
}

function resolveImport(from: string, specifier: string): string {
  if (specifier.startsWith('#')) return specifier.slice(1);
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : specifier;
}

/** Prints the faults, one a line, and sets the exit status. */
export function report(what: string, faults: readonly string[]): void {
  for (const fault of faults) process.stderr.write(`${fault}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else process.stdout.write(`${what}: in order\n`);
}
