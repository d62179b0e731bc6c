import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataFolder } from './data-folder.ts';
import { freePort } from './free-port.ts';
import { createRsaKeys } from './kms/rsa-keys.ts';
import { DEMO_TENANT, OTHER_TENANT } from './people.ts';
import type { Stack } from './stack.ts';
import { readStartOptions, type StartOptions } from './start-options.ts';
import { stopOnSignals } from './stop.ts';

/**
 * `npm start`: the whole suite on this machine, with a demonstration, until it is told to stop.
 * `npm run start:bundles`: the same from what `npm run build` has made.
 *
 * Only what is small is imported above: the rest takes a second to load, while keys are made and something is said.
 */

interface Running {
  readonly stack: Stack;
  readonly stackFile: string;
}

/** RSA-4096 keys that the first minutes need: root, directory, one version that signs, and one to rotate to. */
const KEYS_AHEAD = 4;
const DEMO_SEATS = 10;

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function run(options: StartOptions): Promise<Running> {
  const { directory } = options;
  await mkdir(directory, { recursive: true });
  const rsaKeys = createRsaKeys(join(directory, 'keys'));
  const missing = await rsaKeys.prepare(4096, KEYS_AHEAD);
  if (missing > 0) say('keys      making RSA-4096 keys, this once: the next starts use them again');
  say('starting  KMS, Firestore, Storage, IAM, Identity Platform and the functions on this machine');

  const port = options.port === 0 ? await freePort() : options.port;
  const logFile = join(directory, `log.${port}.jsonl`);
  const log = createWriteStream(logFile);
  const [{ startStack }, { openDataFolder }] = await Promise.all([import('./stack.ts'), import('./data-folder.ts')]);
  const data = options.data === undefined ? undefined : await openDataFolder(options.data);
  const stack = await startStack({ ...options, data, port, rsaKeys, say, log: (line) => void log.write(`${line}\n`) });
  try {
    return { stack, stackFile: await introduce(stack, { ...options, port }, logFile, data) };
  } catch (error) {
    await stack.close();
    throw error;
  }
}

/** The demonstration, then the description that programs read, then the one that people read. */
async function introduce(stack: Stack, options: StartOptions, logFile: string, data?: DataFolder): Promise<string> {
  const { directory, port } = options;
  const [{ writeStackFile }, { createTokens, memberIds }, { createLicense, demonstrate }, { announcement }] =
    await Promise.all([
      import('./stack-file.ts'),
      import('./tokens.ts'),
      import('./demonstration.ts'),
      import('./announcement.ts'),
    ]);
  const tokens = await createTokens(stack);
  say('');
  const { gateway } = stack;
  const create = (tenant: string, seats: number) => createLicense(gateway, tokens['staff'] ?? '', tenant, seats, say);
  const demonstration = data?.state.demonstration ?? (await create(OTHER_TENANT, 1));
  await demonstrate(gateway, demonstration.license_key, say);
  const license = data?.state.license ?? (await create(DEMO_TENANT, DEMO_SEATS));
  data?.save({ demonstration, license });
  stack.recorder.forgetCalls();
  const stackFile = await writeStackFile(directory, port, describe(stack, tokens, memberIds(), license));
  const { license_key: licenseKey } = license;
  for (const line of announcement({ stack, licenseKey, seats: DEMO_SEATS, stackFile, logFile, data: options.data }))
    say(line);
  return stackFile;
}

function describe(
  stack: Stack,
  tokens: Readonly<Record<string, string>>,
  members: Readonly<Record<string, string>>,
  license: object,
) {
  const { gateway, control, kms, iam, storage, firestore, project, identity } = stack;
  return {
    gateway,
    control,
    kms,
    iam,
    storage,
    bucket_payloads: project.payloadBucket,
    bucket_uploads: project.uploadBucket,
    firestore,
    identity: `http://${identity.publicAddress}`,
    identity_api_key: identity.apiKey,
    project_id: project.id,
    stripe_webhook_secret: stack.environment('billing')['STRIPE_WEBHOOK_SECRET'],
    tenant_id: DEMO_TENANT,
    ...license,
    tokens,
    members,
  };
}

/** Lets go of what runs, also when it is not there yet: a start that is cut short leaves nothing that the next minds. */
async function close(starting: Promise<Running>): Promise<void> {
  const running = await Promise.race([starting.catch(() => undefined), sleep(STARTING_GRACE_MS, undefined)]);
  if (running === undefined) return;
  const { removeStackFile } = await import('./stack-file.ts');
  await removeStackFile(running.stackFile, running.stack.project.id);
  await running.stack.close();
}

const STARTING_GRACE_MS = 2_000;

/** The next start is quicker; this one has said that it is ready. */
async function prepareNext(): Promise<void> {
  const { refreshStartBundle } = await import('../scripts/build/start-bundle.ts');
  await refreshStartBundle();
}

function fail(error: unknown): void {
  process.stderr.write(`countersign could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

// Whoever reads our output may stop reading: that is no reason to stop.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
try {
  const starting = run(readStartOptions(process.argv.slice(2), process.env, join(import.meta.dirname, '..')));
  stopOnSignals(() => close(starting), say);
  starting.then(prepareNext, fail).catch(() => undefined); // then the next start is no quicker than this one
} catch (error) {
  fail(error);
}
