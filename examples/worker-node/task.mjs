import { json } from 'node:stream/consumers';

// What a task does: the payload comes on standard input, and the exit status decides what becomes of it.
const payload = await json(process.stdin);
// Names only: what is printed goes to Cloud Logging.
process.stdout.write(`task ${process.env.TASK_ID}: ${Object.keys(payload).sort().join(', ')}\n`);
// Exit status 0: the payload is deleted. Any other: it is kept, and the job can be run again.
process.exitCode = 'repository' in payload ? 0 : 3;
