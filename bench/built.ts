import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/**
 * Makes the bundles in `dist/` from the source as it is now, so that no benchmark measures yesterday's.
 * @throws Error with the build's output when it fails
 */
export async function built(): Promise<void> {
  console.log('building the bundles');
  const child = spawn(process.execPath, [join(import.meta.dirname, '../scripts/build.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += String(chunk);
    });
  }
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`npm run build failed:\n${output}`);
}
