import { readFile } from 'node:fs/promises';
import { parseObject } from '../json.ts';
import { readArguments } from './arguments.ts';
import { borrowCommand, returnCommand } from './borrow-command.ts';
import { CommandError, EXIT } from './exit.ts';
import { hardwareIdCommand } from './hardware-id-command.ts';
import { HELP } from './help.ts';
import { holdCommand } from './hold-command.ts';
import { keysCommand } from './keys-command.ts';
import { rootCommand } from './root-command.ts';
import { statusCommand } from './status-command.ts';
import type { Terminal } from './terminal.ts';
import { verifyCommand } from './verify-command.ts';

/** Runs one command line. @returns its exit status */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const command = readArguments(argv);
    switch (command.name) {
      case 'help':
        terminal.out(HELP);
        return EXIT.ok;
      case 'version':
        terminal.out(`${await readVersion()}\n`);
        return EXIT.ok;
      case 'verify':
        return await verifyCommand(command.args, terminal);
      case 'hold':
        return await holdCommand(command.args, terminal);
      case 'borrow':
        return await borrowCommand(command.args, terminal);
      case 'return':
        return await returnCommand(command.args, terminal);
      case 'status':
        return await statusCommand(command.args, terminal);
      case 'hardware-id':
        return await hardwareIdCommand(command.args, terminal);
      case 'keys':
        return await keysCommand(command.args, terminal);
      case 'root':
        return await rootCommand(command.args, terminal);
      default:
        return command satisfies never;
    }
  } catch (error) {
    const known = error instanceof CommandError;
    const [code, message] = known ? [error.code, error.message] : ['internal', String(error)];
    terminal.err(
      argv.includes('--json') ? `${JSON.stringify({ error: code, message })}\n` : `countersign: ${message}\n`,
    );
    return known ? error.status : EXIT.internal;
  }
}

/** Of the package, whose description lies two folders above this file in the sources and beside it in the package. */
async function readVersion(): Promise<string> {
  for (const place of ['./package.json', '../../package.json']) {
    const text = await readFile(new URL(place, import.meta.url), 'utf8').catch(() => '');
    const version = parseObject(text)?.['version'];
    if (typeof version === 'string') return version;
  }
  return 'unknown';
}
