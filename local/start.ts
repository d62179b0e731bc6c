import { createWriteStream } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createLicense, demonstrate } from './demonstration.ts';
import { type Stack, startStack } from './stack.ts';
import { createTokens, DEMO_TENANT } from './tokens.ts';

/**
 * `npm start`: the whole suite on this machine, with a demonstration, until it is told to stop.
 * `npm run start:bundles`: the same from what `npm run build` has made.
 */

const directory = resolve(process.env['LOCAL_DIRECTORY'] ?? join(import.meta.dirname, '..', '.local'));
const stackFile = join(directory, 'stack.json');
const bundles = process.argv.includes('--bundles') ? join(import.meta.dirname, '..', 'dist') : undefined;
const say = (line: string) => process.stdout.write(`${line}\n`);

async function run(): Promise<Stack> {
  await mkdir(directory, { recursive: true });
  const log = createWriteStream(join(directory, 'log.jsonl'));
  const stack = await startStack({
    directory,
    bundles,
    port: readPort(process.env['PORT']),
    log: (line) => void log.write(`${line}\n`),
  });
  try {
    const tokens = await createTokens(stack);
    await demonstrate(stack.gateway, tokens['other_tenant_owner'] ?? '', say);
    const license = await createLicense(stack.gateway, tokens['owner'] ?? '', 10);
    stack.recorder.forgetCalls();
    await writeFile(stackFile, `${JSON.stringify(describe(stack, tokens, license), null, 2)}\n`, { mode: 0o600 });
    say('');
    say(`licence   ${license.license_key} (10 seats)`);
    say(`control   ${stack.control}`);
    say(`details   ${stackFile}`);
    say(`countersign is ready on ${stack.gateway}`);
    return stack;
  } catch (error) {
    await stack.close();
    throw error;
  }
}

function describe(stack: Stack, tokens: Readonly<Record<string, string>>, license: object) {
  const { gateway, control, kms, iam, storage, firestore, project } = stack;
  return {
    gateway,
    control,
    kms,
    iam,
    storage,
    bucket_payloads: project.payloadBucket,
    bucket_uploads: project.uploadBucket,
    firestore,
    project_id: project.id,
    tenant_id: DEMO_TENANT,
    ...license,
    tokens,
  };
}

function readPort(text = '8080'): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error(`PORT is ${text}, which is no port`);
  return port;
}

/** Stops once; a second signal while stopping ends the process at once. */
function stopOnSignals(starting: Promise<Stack>): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) process.exit(1);
    stopping = true;
    const stack = await starting.catch(() => undefined);
    await stack?.close();
    await rm(stackFile, { force: true });
    process.exit(0);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
}

const starting = run();
stopOnSignals(starting);
starting.catch((error: unknown) => {
  process.stderr.write(`countersign could not start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
