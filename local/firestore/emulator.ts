import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EmulatorCommand, findEmulator } from './find.ts';
import { type LeashedProcess, startLeashed } from './leashed-process.ts';

/** Another process may take the free port between our finding it and the emulator's binding it. */
const ATTEMPTS = 3;
const READY_WITHIN_MS = 60_000;
const POLL_MS = 25;

export interface FirestoreEmulator {
  /** `host:port`, as FIRESTORE_EMULATOR_HOST has it. */
  readonly host: string;
  /** Resolves when no process of it is left. One that was running before us is left alone. */
  close(): Promise<void>;
}

/**
 * Google's Firestore emulator, answering requests: the one that FIRESTORE_EMULATOR_HOST names, else one of our own
 * on a free port, which ends when this process does.
 *
 * @throws Error naming the command that installs it, if it is not there; or with its output, if it does not start
 */
export async function startFirestoreEmulator(env: NodeJS.ProcessEnv = process.env): Promise<FirestoreEmulator> {
  const running = env['FIRESTORE_EMULATOR_HOST'];
  if (running) return { host: running, close: async () => undefined };

  const command = await findEmulator(env);
  for (let attempt = 1; ; attempt += 1) {
    const started = await start(command, await freePort());
    if (started.ready) return started.emulator;
    if (attempt === ATTEMPTS) throw new Error(`The Firestore emulator did not start:\n${started.output}`);
  }
}

type Start =
  | { readonly ready: true; readonly emulator: FirestoreEmulator }
  | { readonly ready: false; readonly output: string };

async function start(command: EmulatorCommand, port: number): Promise<Start> {
  const host = `127.0.0.1:${port}`;
  const child = startLeashed(command(port));
  if ((await answers(host, child)) && (await writes(host)))
    return { ready: true, emulator: { host, close: () => child.stop() } };
  await child.stop();
  return { ready: false, output: child.output() };
}

/** False if the process ends first, or takes too long. */
async function answers(host: string, child: LeashedProcess): Promise<boolean> {
  let alive = true;
  const gone = () => {
    alive = false;
  };
  child.ended.then(gone, gone);
  const deadline = performance.now() + READY_WITHIN_MS;
  while (alive && performance.now() < deadline) {
    const ok = await fetch(`http://${host}/`, { signal: AbortSignal.timeout(1_000) }).then(
      (response) => response.ok,
      () => false,
    );
    if (ok) return alive;
    await sleep(POLL_MS);
  }
  return false;
}

/**
 * The first write loads and compiles most of the emulator, which takes longer on a busy machine than a commit may.
 * Better here than in the first caller's deadline.
 */
async function writes(host: string): Promise<boolean> {
  const url = `http://${host}/v1/projects/demo-first-write/databases/(default)/documents/first`;
  const request = { method: 'POST', headers: { authorization: 'Bearer owner' }, body: '{"fields":{}}' };
  return fetch(url, { ...request, signal: AbortSignal.timeout(READY_WITHIN_MS) }).then(
    (response) => response.ok,
    () => false,
  );
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  return address.port;
}
