import { execFileSync } from 'node:child_process';
import { delimiter, dirname } from 'node:path';

const ASK = ['-c', 'import sys; print(sys.executable)'];

/**
 * Where `python3` is the shim of a version manager, a shell looks for the interpreter at each start, which takes ten times
 * as long as the interpreter itself; tests start dozens. What the shim leads to is put before it on the PATH, once a run.
 */
export default function setup(): void {
  if (process.env['PLAIN_PYTHON'] !== undefined) return;
  process.env['PLAIN_PYTHON'] = find();
  const path = process.env['PATH'] ?? '';
  if (process.env['PLAIN_PYTHON'] !== '')
    process.env['PATH'] = [dirname(process.env['PLAIN_PYTHON']), path].join(delimiter);
}

function find(): string {
  try {
    return execFileSync('python3', ASK, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return ''; // tests that need it are skipped by name
  }
}
