import { buffer } from 'node:stream/consumers';

/** What the local worker runs: it takes the payload, and tells its size and nothing else. */
const payload = await buffer(process.stdin);
process.stdout.write(`task ${process.env['TASK_ID']}: a payload of ${payload.length} bytes arrived\n`);
payload.fill(0);
