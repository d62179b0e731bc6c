import { existsSync } from 'node:fs';
import { win32 } from 'node:path';

/** What is to be started for a command line. */
export interface Spawnable {
  readonly file: string;
  readonly args: readonly string[];
  /** The arguments are quoted already. */
  readonly verbatim: boolean;
}

interface Surroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly exists: (path: string) => boolean;
}

/**
 * Windows starts .exe files alone; npm, npx and most tools of Node are .cmd files there, which their shell must start,
 * with each argument quoted so that it arrives as it was given. Everywhere else a command line is started as it is.
 */
export function commandFor(
  program: string,
  args: readonly string[],
  surroundings: Surroundings = { platform: process.platform, env: process.env, exists: existsSync },
): Spawnable {
  if (surroundings.platform !== 'win32') return { file: program, args, verbatim: false };
  const file = findOnWindows(program, surroundings);
  if (!/\.(cmd|bat)$/i.test(file)) return { file, args, verbatim: false };
  const line = [escapeForShell(file), ...args.map((arg) => escapeForShell(escapeForShell(quote(arg))))].join(' ');
  return { file: surroundings.env['ComSpec'] || 'cmd.exe', args: ['/d', '/s', '/c', `"${line}"`], verbatim: true };
}

/** As cmd.exe looks: the folder one is in, then PATH; what has no ending that starts gets each of PATHEXT. */
function findOnWindows(program: string, { env, exists }: Surroundings): string {
  const endings = (env['PATHEXT'] || '.COM;.EXE;.BAT;.CMD').split(';').map((ending) => ending.trim().toLowerCase());
  const isComplete = endings.includes(win32.extname(program).toLowerCase());
  const names = isComplete ? [program] : endings.map((ending) => program + ending);
  const folders = (env['Path'] ?? env['PATH'] ?? '').split(';').map((folder) => folder.replaceAll('"', ''));
  for (const folder of /[\\/:]/.test(program) ? [''] : ['', ...folders]) {
    for (const name of names) {
      const path = folder === '' ? name : win32.join(folder, name);
      if (exists(path)) return path;
    }
  }
  return program;
}

/** For the program's own reading of its command line: backslashes before a quote double, quotes are escaped. */
const quote = (arg: string): string => `"${arg.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\*)$/, '$1$1')}"`;

/** For cmd.exe; twice for arguments, since a .cmd file hands its arguments to another command line. */
const escapeForShell = (text: string): string => text.replace(/[()\][%!^"`<>&|;, *?]/g, '^$&');
