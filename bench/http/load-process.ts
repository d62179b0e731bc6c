/** The clients of a benchmark in a process of their own: told what to send, tells what came back. */
import { type Load, sendAll } from './load.ts';

process.on('message', async (load: Load) => {
  process.send?.(await sendAll(load));
});
