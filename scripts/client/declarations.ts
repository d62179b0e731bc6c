import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from '../sources.ts';

const run = promisify(execFile);

/**
 * Writes one declaration file for each source file that an entry leads to, and one for `require`.
 * @param entry what the entry for Node exports
 */
export async function declare(out: string, entry: Readonly<Record<string, unknown>>): Promise<void> {
  const emitted = join(out, 'declarations');
  const flags = ['--noEmit', 'false', '--declaration', '--stripInternal', '--emitDeclarationOnly', '--rootDir', '.'];
  const settings = [
    ['--target', 'es2024'],
    ['--lib', 'es2024,esnext.disposable'],
    ['--module', 'nodenext'],
    ['--types', 'node'],
    ['--outDir', emitted],
  ].flat();
  const strict = ['--strict', '--skipLibCheck', '--allowImportingTsExtensions', '--exactOptionalPropertyTypes'];
  const entries = ['client/src/node.ts', 'client/src/browser.ts'];
  const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
  await run(process.execPath, [tsc, '--ignoreConfig', ...flags, ...settings, ...strict, ...entries], { cwd: ROOT });
  await collect(emitted, out);
  await prune(out, ['node.d.ts', 'browser.d.ts']);
  await inlineAliases(out);
  for (const file of globSync('**/*.d.ts', { cwd: out })) {
    const text = await readFile(join(out, file), 'utf8');
    // Whoever reads them has an editor; indentation of four spaces is a hundredth of the package.
    const linked = text.replaceAll(/^ +/gm, ' ').replaceAll(/(from '\.[^']*|import\("\.[^"]*)\.ts(['"])/g, '$1.js$2');
    // `await using` needs a library of TypeScript that a project may not have listed.
    const referenced = linked.includes('Symbol.asyncDispose')
      ? `/// <reference lib="esnext.disposable" />\n${linked}`
      : linked;
    await writeFile(join(out, file), referenced);
  }
  await writeFile(join(out, 'node.d.cts'), forCommonJs(entry));
}

/**
 * What `require` gives has the types that `import` has. TypeScript lets a CommonJS file take types from an ES module if
 * each place says so, but no values: these are declared one by one.
 */
function forCommonJs(entry: Readonly<Record<string, unknown>>): string {
  const mode = "with { 'resolution-mode': 'import' }";
  const values = Object.entries(entry);
  return [
    `import type * as client from './node.js' ${mode};`,
    `export type * from './node.js' ${mode};`,
    ...values.map(([name]) => `export declare const ${name}: typeof client.${name};`),
    ...values.filter(([, value]) => isClass(value)).map(([name]) => `export type ${name} = client.${name};`),
    '',
  ].join('\n');
}

const isClass = (value: unknown): boolean => typeof value === 'function' && /^class\b/.test(String(value));

/** Moves the client's declarations to the top, and those of the format that it shares with the suite beside them. */
async function collect(emitted: string, out: string): Promise<void> {
  for (const file of globSync('**/*.d.ts', { cwd: emitted })) {
    const path = file.replaceAll('\\', '/').replace(/^(client\/src|shared)\//, '');
    const text = await readFile(join(emitted, file), 'utf8');
    // client/src is two folders above shared/, and in the package nothing is between them.
    const linked = text.replaceAll(/((?:\.\.\/)+)shared\//g, (_, up: string) => up.replace('../../', '') || './');
    await mkdir(dirname(join(out, path)), { recursive: true });
    await writeFile(join(out, path), linked);
  }
  await rm(emitted, { recursive: true });
}

/** Puts what a file of a single type says into those that import it: a file costs a tarball more than such a line. */
async function inlineAliases(out: string): Promise<void> {
  const texts = new Map<string, string>();
  for (const file of globSync('**/*.d.ts', { cwd: out })) texts.set(file, await readFile(join(out, file), 'utf8'));
  const aliases = [...texts].flatMap(([file, text]) => {
    const [, alias = '', name = ''] = /^(?:\/\*\*.*\*\/\n)?export (type (\w+) = [^;]*;)\n$/.exec(text) ?? [];
    return alias === '' ? [] : [{ file, alias, name }];
  });
  for (const { file, alias, name } of aliases) {
    for (const [user, text] of texts) {
      const path = relative(dirname(user), file)
        .replaceAll('\\', '/')
        .replace(/\.d\.ts$/, '.ts');
      const from = `from '${path.startsWith('.') ? path : `./${path}`}';`;
      const imports = [`import type { ${name} } ${from}`, `import { type ${name} } ${from}`];
      texts.set(
        user,
        imports.reduce((so, one) => so.replace(one, alias), text),
      );
    }
    texts.delete(file);
    await rm(join(out, file));
  }
  for (const [file, text] of texts) await writeFile(join(out, file), text);
}

/** Removes the declarations that no entry leads to. */
async function prune(out: string, entries: readonly string[]): Promise<void> {
  const reached = new Set<string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (reached.has(file)) continue;
    reached.add(file);
    const text = await readFile(join(out, file), 'utf8');
    for (const [, named, inline] of text.matchAll(/from '(\.[^']*)\.ts'|import\("(\.[^"]*)\.ts"\)/g)) {
      waiting.push(join(dirname(file), `${named ?? inline}.d.ts`));
    }
  }
  for (const file of globSync('**/*.d.ts', { cwd: out })) if (!reached.has(file)) await rm(join(out, file));
}
