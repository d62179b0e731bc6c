/** One call of a tool, as it stands in a text: its words without what the shell puts in. */
export interface Command {
  readonly where: string;
  readonly words: readonly string[];
}

const QUOTED = /"(?:\\.|\$\([^)]*\)|[^"\\])*"|'[^']*'/g;

/**
 * The calls of a tool in shell text: at a command's beginning, up to where the command ends. Quoted words and expansions
 * are replaced by one word each, since what they hold is data.
 */
export function extractCommands(tool: string, where: string, shell: string): Command[] {
  const joined = shell.replaceAll(/\\\n\s*/g, ' ');
  return joined.split('\n').flatMap((line, index) => {
    const calls: Command[] = [];
    for (const text of [line, ...substitutions(line)]) {
      if (/^\s*#/.test(text)) continue;
      const plain = text.replaceAll(QUOTED, (quoted) =>
        /^.--?[a-z]/.test(quoted) ? (quoted.slice(1, -1).split(/[ =]/)[0] ?? '') : '$QUOTED',
      );
      const begin = new RegExp(
        `(?:^|[;&|(!{\`]|\\b(?:if|then|do|else|exec|until|while))\\s*${tool} ([^|;&<>()\`]*)`,
        'g',
      );
      for (const [, rest = ''] of plain.matchAll(begin)) {
        calls.push({ where: `${where}:${index + 1}`, words: rest.trim().split(/\s+/).filter(Boolean) });
      }
    }
    return calls;
  });
}

/** What stands in $(…) inside of quotes: commands as well. */
const substitutions = (line: string): string[] =>
  [...line.matchAll(QUOTED)].flatMap(([quoted]) =>
    [...quoted.matchAll(/\$\(([^()]*)\)/g)].map(([, inner]) => inner ?? ''),
  );

/** The shell of a Markdown text: its blocks of bash, and inline code that is a call. */
export function shellOf(markdown: string): string {
  const lines: string[] = [];
  let block: 'none' | 'shell' | 'other' = 'none';
  for (const line of markdown.split('\n')) {
    if (/^\s*```/.test(line)) {
      const opened = /^\s*```(bash|sh|console)\s*$/.test(line) ? 'shell' : 'other';
      block = block === 'none' ? opened : 'none';
      lines.push('');
    } else if (block === 'none') {
      lines.push([...line.matchAll(/`((?:gcloud|terraform) [^`]+)`/g)].map(([, code]) => code).join('; '));
    } else lines.push(block === 'shell' ? line : '');
  }
  return lines.join('\n');
}
