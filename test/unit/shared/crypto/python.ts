import { spawnSync } from 'node:child_process';

/** Reads JSON texts, a line each, and prints what Python makes of each. Surrogate pairs in escapes become one character. */
const PROGRAM = `
import json, sys
for line in sys.stdin:
    sys.stdout.write(json.dumps(json.loads(line), sort_keys=True, separators=(',', ':')) + '\\n')
`;

/** What Python's json.dumps(…, sort_keys=True, separators=(',', ':')) prints for each value, in one process for all. */
export function pythonJson(values: readonly unknown[]): string[] {
  const input = values.map((value) => `${JSON.stringify(value)}\n`).join('');
  const environment = { ...process.env, PYTHONIOENCODING: 'utf-8' };
  const run = spawnSync('python3', ['-c', PROGRAM], { input, env: environment, maxBuffer: 256 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`python3 failed: ${run.error ?? run.stderr}`);
  return run.stdout.toString('utf8').split('\n').slice(0, -1);
}
