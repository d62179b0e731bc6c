import { globSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '..');

export interface SourceFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface Import {
  /** The importing file, relative to the project. */
  readonly from: string;
  /** The imported file, relative to the project, or the bare name of a package. */
  readonly to: string;
  /** The imported names as the imported file exports them; undefined for the whole module. */
  readonly names: readonly string[] | undefined;
}

/** Static imports and re-exports with their clause, imports for effect, dynamic imports. */
const IMPORT =
  /^\s*(?:import|export)\b([^'";]*?)from\s+'([^']+)'|^\s*import\s+'([^']+)'|\b(?:import\(|mock\()'([^']+)'\)/gm;

export function readSources(patterns: readonly string[]): SourceFile[] {
  return globSync([...patterns], { cwd: ROOT }).map((file) => ({
    path: file.replaceAll('\\', '/'),
    text: readFileSync(join(ROOT, file), 'utf8'),
  }));
}

const known = new WeakMap<SourceFile, readonly Import[]>();

/** Every import of a TypeScript file, read as text; each file is read once. */
export function importsOf(file: SourceFile): readonly Import[] {
  const imports = known.get(file) ?? readImports(file);
  known.set(file, imports);
  return imports;
}

function readImports({ path, text }: SourceFile): Import[] {
  return [...text.matchAll(IMPORT)].map((found) => ({
    from: path,
    to: resolveImport(path, found[2] ?? found[3] ?? found[4] ?? ''),
    names: namesIn(found[1]),
  }));
}

function namesIn(clause: string | undefined): string[] | undefined {
  const list = /\{([^}]*)\}/.exec(clause ?? '')?.[1];
  return list
    ?.split(',')
    .map((name) => name.trim().replace(/^type\s+/, ''))
    .filter(Boolean)
    .map((name) => name.split(/\s+as\s+/)[0] ?? name);
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
