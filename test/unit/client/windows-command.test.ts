import { describe, expect, test } from 'vitest';
import { commandFor } from '../../../client/src/cli/windows-command.ts';

const PATH = 'C:\\Windows\\system32;"C:\\Program Files\\nodejs";C:\\Users\\me\\.bin';
const FILES = [
  'C:\\Windows\\system32\\cmd.exe',
  'C:\\Program Files\\nodejs\\node.exe',
  'C:\\Program Files\\nodejs\\npm',
  'C:\\Program Files\\nodejs\\npm.cmd',
  'C:\\Users\\me\\.bin\\python3.11.exe',
  'C:\\Users\\me\\.bin\\build.v2.bat',
  'C:\\Users\\me\\.bin\\node.cmd',
  'tools\\render.cmd',
];

const on = (program: string, args: readonly string[] = [], env: Record<string, string> = {}) =>
  commandFor(program, args, {
    platform: 'win32',
    env: { Path: PATH, PATHEXT: '.COM;.EXE;.BAT;.CMD', ComSpec: 'C:\\Windows\\system32\\cmd.exe', ...env },
    exists: (path) => FILES.some((file) => file.toLowerCase() === path.toLowerCase()),
  });

/** How cmd.exe reads a line in which every quote is escaped: it takes one caret away. */
const readByShell = (line: string): string => line.replace(/\^([\s\S])/g, '$1');

/** How a program's C library takes its command line apart. */
function readByProgram(line: string): string[] {
  const args: string[] = [];
  let arg: string | undefined;
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const slashes = /^\\*/.exec(line.slice(at))?.[0].length ?? 0;
    const next = line[at + slashes];
    if (slashes > 0) {
      const isEscaped = next === '"' && slashes % 2 === 1;
      arg = `${arg ?? ''}${'\\'.repeat(next === '"' ? Math.floor(slashes / 2) : slashes)}${isEscaped ? '"' : ''}`;
      at += slashes - (isEscaped ? 0 : 1);
    } else if (next === '"') {
      quoted = !quoted;
      arg ??= '';
    } else if (next === ' ' && !quoted) {
      if (arg !== undefined) args.push(arg);
      arg = undefined;
    } else arg = (arg ?? '') + next;
  }
  return arg === undefined ? args : [...args, arg];
}

describe('which file is started', () => {
  test.each([
    ['node', 'C:\\Program Files\\nodejs\\node.exe'],
    ['NODE.EXE', 'C:\\Program Files\\nodejs\\NODE.EXE'],
    ['python3.11', 'C:\\Users\\me\\.bin\\python3.11.exe'],
    ['missing', 'missing'],
    ['C:\\elsewhere\\tool', 'C:\\elsewhere\\tool'],
  ])('%s: %s', (program, file) => {
    expect(on(program, ['a b', '"'])).toEqual({ file, args: ['a b', '"'], verbatim: false });
  });

  test.each([
    ['npm', 'C:\\Program Files\\nodejs\\npm.cmd'],
    ['npm.cmd', 'C:\\Program Files\\nodejs\\npm.cmd'],
    ['build.v2', 'C:\\Users\\me\\.bin\\build.v2.bat'],
    ['tools\\render', 'tools\\render.cmd'],
  ])('%s is a script, which cmd.exe starts: %s', (program, script) => {
    const { file, args, verbatim } = on(program);
    expect([file, args.slice(0, 3), verbatim]).toEqual(['C:\\Windows\\system32\\cmd.exe', ['/d', '/s', '/c'], true]);
    expect(readByShell(args[3] ?? '')).toBe(`"${script}"`);
  });

  test('without PATHEXT and ComSpec there are those of every Windows', () => {
    expect(on('npm', [], { PATHEXT: '', ComSpec: '' }).file).toBe('cmd.exe');
  });

  test('nothing is changed elsewhere', () => {
    const surroundings = { platform: 'linux', env: {}, exists: () => true } as const;
    expect(commandFor('npm', ['%PATH%'], surroundings)).toEqual({ file: 'npm', args: ['%PATH%'], verbatim: false });
  });
});

test.each([
  [['install']],
  [['two words', '']],
  [['%PATH%', '!x!', '^', '&', '|', '<', '>', '(', ')', '*', '?']],
  [['say "hello" & del C:\\*.*']],
  [['ends in \\', 'C:\\dir\\', '\\\\server\\share\\', '\\"', 'a\\\\"b']],
  [['ünïcode “quotes”', '`', ';,=']],
])('arguments arrive at a script as they were given: %j', (args) => {
  const line = (on('npm', args).args[3] ?? '').slice(1, -1);
  const script = 'C:\\Program Files\\nodejs\\npm.cmd';
  const first = readByShell(line);
  expect(first.startsWith(script)).toBe(true);
  // The script hands its arguments to another command line, which cmd.exe reads as well.
  expect(readByProgram(readByShell(first.slice(script.length)))).toEqual(args);
  // Nothing in the line means anything to the shell: no quote opens, no operator stands free.
  expect(line.replace(/\^[\s\S]/g, '')).not.toMatch(/["&|<>()%!^]/);
});
