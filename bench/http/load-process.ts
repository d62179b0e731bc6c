/** The clients of a benchmark in a process of their own: told what to send, to one server or to several, tells what came back. */
import { type Load, sendAll } from './load.ts';

process.on('message', async (loads: readonly Load[]) => {
  process.send?.(await Promise.all(loads.map(sendAll)));
});
