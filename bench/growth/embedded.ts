import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** See embedded-process.ts. */
export async function startEmbeddedProcess(): Promise<{ readonly host: string; close(): Promise<void> }> {
  const child = fork(join(import.meta.dirname, 'embedded-process.ts'));
  const [host] = await once(child, 'message');
  return {
    host: String(host),
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
