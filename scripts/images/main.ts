import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import * as z from 'zod';
import { startBundle } from '#local/bundles.ts';
import { createGateway } from '#local/gateway.ts';
import { listen } from '#local/listen.ts';
import { startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';
import type { RunningFunction } from '#shared/http/function.ts';
import type { Environment } from '#shared/model/config.ts';
import { ROOT } from '../sources.ts';
import { buildImage, type Image } from './dockerfile.ts';

/**
 * `node scripts/images/main.ts`, as root, after `npm run build`: where there is no Docker, the steps of
 * containers/function.Dockerfile are carried out in a root that debootstrap makes. Then the whole suite runs from these
 * images, each as its user, by its command, on a root that cannot be written to; and the smoke test and a task pass.
 * IMAGE_BASE names a root that is there already.
 */
const WORK = join(ROOT, '.local/images');
const say = (line: string) => process.stdout.write(`${line}\n`);
const run = (program: string, ...args: readonly string[]) =>
  execFileSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] });

/** Debian with Node and the user of the official image. */
function makeBase(): string {
  const base = process.env['IMAGE_BASE'] ?? join(WORK, 'base');
  if (!existsSync(join(base, 'bin/sh'))) run('debootstrap', '--variant=minbase', 'trixie', base);
  cpSync(process.execPath, join(base, 'usr/local/bin/node'), { dereference: true });
  const passwd = join(base, 'etc/passwd');
  const users = readFileSync(passwd, 'utf8');
  if (!users.includes('\nnode:')) writeFileSync(passwd, `${users}node:x:1000:1000::/home/node:/bin/bash\n`);
  return base;
}

const PATHS = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin';

/** What a container has of the kernel; gone with the process that mounts it. */
const devices = (root: string) =>
  `mount --make-rprivate / && mount --bind ${root} ${root} && mount --bind /dev ${root}/dev && mount --bind /proc ${root}/proc`;

function makeImage(base: string, name: string): Image {
  const root = join(WORK, name);
  rmSync(root, { recursive: true, force: true });
  run('cp', '-al', base, root);
  return buildImage(
    readFileSync(join(ROOT, 'containers/function.Dockerfile'), 'utf8'),
    { FUNCTION: name },
    {
      copy: (from, to) => cpSync(join(ROOT, from), join(root, to), { recursive: true }),
      run(command, { env, folder }) {
        const inside = `cd ${folder} && ${command}`;
        const steps = `${devices(root)} && exec chroot ${root} sh -c "$1"`;
        const { status } = spawnSync('/usr/bin/unshare', ['--mount', '/bin/sh', '-c', steps, 'sh', inside], {
          env: { PATH: PATHS, ...env },
          stdio: 'inherit',
        });
        if (status !== 0) throw new Error(`${name}: RUN ${command} ended with ${status}`);
      },
    },
  );
}

/** A file in the place of a bundle that runs the image instead: its user, its command, a root that is read-only. */
function writeRunner(name: string, { env, folder, user, command }: Image): void {
  const root = join(WORK, name);
  const id = user === 'node' ? '1000:1000' : '0:0';
  const steps = [
    devices(root),
    `mount -o remount,ro,bind ${root}`,
    `exec chroot --userspec=${id} ${root} sh -c 'cd ${folder} && if touch probe 2>/dev/null; then exit 97; fi; exec ${command.join(' ')}'`,
  ].join(' && ');
  const worker = name === 'task-worker' ? { WORKER_COMMAND: '["/usr/bin/sha256sum"]' } : {};
  const settings = JSON.stringify({ PATH: PATHS, ...env, ...worker });
  const text = `const { spawn } = require('node:child_process');
const child = spawn('/usr/bin/unshare', ['--mount', '--', '/bin/sh', '-c', ${JSON.stringify(steps)}], {
  env: { ...process.env, ...${settings} }, stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal));
child.once('exit', (code, signal) => process.exit(code ?? 128));
`;
  mkdirSync(join(WORK, 'runners', name), { recursive: true });
  writeFileSync(join(WORK, 'runners', name, 'main.cjs'), text);
}

/** A licence with a seat, made by staff. */
async function makeLicense(gateway: string, staff: string): Promise<string> {
  const response = await fetch(`${gateway}/api/v1/licenses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${staff}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      tenant_id: DEMO_TENANT,
      tier: 'starter',
      max_seats: 1,
      expires_at: new Date(Date.now() + 86_400_000).toISOString(),
    }),
  });
  return z.object({ license_key: z.string() }).parse(await response.json()).license_key;
}

async function smokeTest(gateway: string, token: string, licenseKey: string): Promise<void> {
  const env = { ...process.env, SMOKE_URL: gateway, SMOKE_TOKEN: token, SMOKE_LICENSE_KEY: licenseKey };
  await succeeds('smoke test', ['scripts/smoke-test.ts'], env);
}

/** Not spawnSync: the stand-ins that it asks are in this process. */
async function succeeds(what: string, args: readonly string[], env: Environment): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' });
  const [status] = await once(child, 'exit');
  if (status !== 0) throw new Error(`${what}: ${status}`);
}

/** A task is sealed by one image, and opened by the worker's. */
async function runTask(gateway: string, token: string, environment: Environment): Promise<void> {
  const response = await fetch(`${gateway}/api/v1/tasks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ payload: { purpose: 'images' } }),
  });
  if (response.status !== 201) throw new Error(`task: ${response.status} ${await response.text()}`);
  const { task_id } = z.object({ task_id: z.string() }).parse(await response.json());
  const env = { ...environment, METADATA_SERVER_DETECTION: 'none', TASK_ID: task_id };
  await succeeds('worker', [join(WORK, 'runners/task-worker/main.cjs')], env);
  say('task: sealed, opened and deleted');
}

const names = globSync('dist/*/main.cjs', { cwd: ROOT })
  .map((path) => basename(dirname(path)))
  .sort();
if (names.length === 0) throw new Error('there is nothing in dist/: npm run build');
mkdirSync(WORK, { recursive: true });
const base = makeBase();
for (const name of names) {
  const image = makeImage(base, name);
  writeRunner(name, image);
  const cached = globSync('.compile-cache/**/*', { cwd: join(WORK, name, image.folder) }).length;
  say(`${name}: runs ${image.command.join(' ')} as ${image.user}; ${cached} files of compiled code`);
}
const stack = await startStack({ directory: join(WORK, 'data'), log: () => undefined });
const running: RunningFunction[] = [];
try {
  // One after the other: each has half a minute to answer, on a machine that may be busy.
  for (const name of names.filter((one) => one !== 'task-worker')) {
    running.push(await startBundle(join(WORK, 'runners'), name, stack.environment(name), () => undefined));
    say(`${name}: answers`);
  }
  const port = await listen(createGateway(running));
  const gateway = `http://127.0.0.1:${port}`;
  const { service = '', staff = '' } = await createTokens(stack);
  await smokeTest(gateway, service, await makeLicense(gateway, staff));
  await runTask(gateway, service, stack.environment('task-worker'));
  say(`${names.length} images: in order`);
} finally {
  await Promise.allSettled(running.map((one) => one.close()));
  await stack.close();
}
process.exit();
