import { setTimeout } from 'node:timers/promises';
import * as z from 'zod';
import { createTextObjects } from './bucket.ts';
import { createCloudRun } from './cloud-run.ts';
import { createRun, persistent } from './command.ts';
import { manifest } from './infrastructure.ts';
import { NotRolledBack, release } from './release.ts';

/**
 * `node scripts/release/main.ts`: releases what build _BUILD made, from its manifest in the builds' bucket. Cancel and
 * timeout send SIGTERM: everything goes back then, too. Ends with 0 when it serves, 1 when everything is back where it
 * was, 2 when something could not be put back.
 */
const none = z.literal('none').transform(() => undefined);
const settings = z
  .object({
    _AUDIENCE: z.url(),
    _BUILD: z.string().min(8),
    _BUILDS_BUCKET: z.string().startsWith('gs://'),
    _CANDIDATE_URL: z.union([none, z.url()]),
    _DEPLOYER: z.email(),
    _JOB: z.union([none, z.string().min(1)]),
    _PROJECT: z.string().min(1),
    _REGION: z.string().min(1),
    _RELEASES_BUCKET: z.string().startsWith('gs://'),
    _ALLOW_OLDER: z.enum(['true', 'false']).default('false'),
    _ONLY: z
      .union([z.literal('').transform(() => undefined), z.string().transform((text) => text.split(' '))])
      .optional(),
    /** off: the host has no record or no certificate yet, so that nothing can be tested. */
    _SMOKE: z.enum(['on', 'off']).default('on'),
    SMOKE_LICENSE_KEY: z.string().default('none'),
    SETTLE_SECONDS: z.coerce.number().min(0).default(60),
    TIMEOUT_SECONDS: z.coerce.number().min(1).default(3000),
    WAIT_SECONDS: z.coerce.number().min(0).default(1800),
  })
  .parse(process.env);

const log = (line: string) => process.stdout.write(`${line}\n`);
const cancelled = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    log(`${signal}: cancelled`);
    cancelled.abort();
  });
}
const signal = AbortSignal.any([cancelled.signal, AbortSignal.timeout(settings.TIMEOUT_SECONDS * 1000)]);

const pause = (seconds: number) => setTimeout(seconds * 1000, undefined, { signal });
const COMMAND_SECONDS = 180;
const run = persistent(createRun(log, COMMAND_SECONDS, signal), pause);
const unstoppable = persistent(createRun(log, COMMAND_SECONDS), (seconds) => setTimeout(seconds * 1000));

async function smoke(url: string): Promise<void> {
  const audience = ['--audiences', settings._AUDIENCE, '--include-email'];
  const token = await run('gcloud', [
    ...['auth', 'print-identity-token', '--impersonate-service-account', settings._DEPLOYER],
    ...audience,
  ]);
  const env = { SMOKE_URL: url, SMOKE_TOKEN: token.trim(), SMOKE_LICENSE_KEY: settings.SMOKE_LICENSE_KEY };
  log(await createRun(log, 120, signal)(process.execPath, ['scripts/smoke-test.ts'], { env }));
}

const parts = (command: typeof run) => ({
  cloudRun: createCloudRun(command, settings._PROJECT, settings._REGION),
  objects: createTextObjects(command),
});

try {
  const url = `${settings._BUILDS_BUCKET}/releases/${settings._BUILD}/release.json`;
  const outcome = await release(
    {
      manifest: manifest.parse(JSON.parse(await run('gcloud', ['storage', 'cat', url]))),
      bucket: settings._RELEASES_BUCKET,
      only: settings._ONLY,
      job: settings._JOB,
      allowOlder: settings._ALLOW_OLDER === 'true',
      candidateUrl: settings._SMOKE === 'off' ? undefined : settings._CANDIDATE_URL,
      url: settings._SMOKE === 'off' ? undefined : settings._AUDIENCE,
      settleSeconds: settings.SETTLE_SECONDS,
      waitSeconds: settings.WAIT_SECONDS,
    },
    { ...parts(run), unstoppable: parts(unstoppable), smoke, now: Date.now, pause, log },
  );
  log(outcome);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = error instanceof NotRolledBack ? 2 : 1;
}
process.exit();
