import { buffer } from 'node:stream/consumers';

/** The local worker's command: reads the payload and prints only its size. */
const payload = await buffer(process.stdin);
process.stdout.write(`task ${process.env['TASK_ID']}: a payload of ${payload.length} bytes arrived\n`);
payload.fill(0);
