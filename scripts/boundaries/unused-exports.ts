import { importsOf, type SourceFile } from '../sources.ts';

const EXPORT = /^export\s+(?:async\s+)?(const|let|function\*?|class|interface|type|enum)\s+([A-Za-z_$][\w$]*)/gm;
const EXPORT_LIST = /^export\s+(?:type\s+)?\{([^}]*)\}/gm;

/**
 * Exports that no other file imports. A type may be exported to describe another export of its own file, such as the
 * options of a factory.
 * @param checked the files whose exports are checked
 * @param importing every file that may import them, tests included
 */
export function findUnusedExports(checked: readonly SourceFile[], importing: readonly SourceFile[]): string[] {
  const used = new Set<string>();
  for (const file of importing) {
    for (const { to, names } of importsOf(file)) {
      if (!/\.m?[jt]sx?$/.test(to)) continue;
      // A whole module is imported under one name, and its exports are used as words of the importing file.
      const words = names ?? file.text.match(/[A-Za-z_$][\w$]*/g) ?? [];
      for (const name of words) used.add(`${to} ${name}`);
    }
  }
  return checked.flatMap(({ path, text }) =>
    exportsOf(text)
      .filter((name) => !used.has(`${path} ${name}`))
      .map((name) => `${path} exports ${name}, which no other file imports`),
  );
}

function exportsOf(text: string): string[] {
  const declared = [...text.matchAll(EXPORT)].flatMap(([, kind = '', name = '']) =>
    (kind === 'interface' || kind === 'type') && occurrences(text, name) > 1 ? [] : [name],
  );
  const listed = [...text.matchAll(EXPORT_LIST)].flatMap(([, names = '']) =>
    names.split(',').map((name) => /([A-Za-z_$][\w$]*)$/.exec(name.trim())?.[1] ?? ''),
  );
  return [...declared, ...listed.filter(Boolean)];
}

const occurrences = (text: string, name: string) => text.split(new RegExp(`\\b${name}\\b`)).length - 1;
