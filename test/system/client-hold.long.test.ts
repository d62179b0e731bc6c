import { chmod, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import { run, useSuite } from './suite.ts';

const suite = useSuite();
let client: ClientPackage;
beforeAll(async () => {
  client = await packClient();
});

/** Heartbeats every ten seconds, so that a loss is noticed soon. */
async function shortLease(): Promise<{ license_id: string; license_key: string }> {
  const license = {
    tenant_id: 'demo',
    tier: 'starter',
    max_seats: 1,
    expires_at: '2090-01-01T00:00:00Z',
    lease_seconds: 30,
  };
  return (await suite.post('/api/v1/licenses', license, 'staff')).body;
}

const used = async (id: string): Promise<number> =>
  (await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner')).body.seats_used;

/** A command that notes every signal it gets, and ends by itself with status 9. */
const COUNTER = `#!/bin/sh
for s in HUP INT QUIT TERM USR1 USR2 ALRM WINCH CONT; do trap "echo $s >> $1" $s; done
: > "$1"
echo counting
n=0
while [ $n -lt 25 ]; do sleep 0.1; n=$((n+1)); done
exit 9
`;

interface Ended {
  readonly status: number | null;
  readonly output: string;
}

/** On a terminal, there below a shell that knows jobs, or without a terminal. */
type Kind = 'pty' | 'shell' | 'pipe';

async function hold(
  kind: Kind,
  actions: readonly string[],
  command: readonly string[],
  options: readonly string[] = [],
) {
  const { license_id, license_key } = await suite.license(1);
  const env = {
    ...process.env,
    COUNTERSIGN_URL: suite.stack.gateway,
    COUNTERSIGN_LICENSE_KEY: license_key,
    COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
    COUNTERSIGN_PRODUCT: 'default',
    XDG_STATE_HOME: join(client.project, 'state'),
  };
  const program = [process.execPath, join(client.folder, 'countersign.js'), 'hold', ...options, '--', ...command];
  const args = [join(import.meta.dirname, 'on-terminal.py'), kind, ...actions, '--', ...program];
  const { stdout } = await run('python3', args, { cwd: client.project, env });
  const ended: Ended = JSON.parse(stdout);
  return { ...ended, license_id };
}

async function count(kind: Kind, action: string): Promise<string> {
  const folder = await mkdtemp(join(client.project, 'counter-'));
  const [script, notes] = [join(folder, 'counter.sh'), join(folder, 'notes')];
  await writeFile(script, COUNTER);
  await chmod(script, 0o755);
  const { status, license_id, output } = await hold(kind, ['wait:counting', action], [script, notes]);
  expect(await used(license_id), `${action}: the seat is given back`).toBe(0);
  expect(status, `${action}: the command's own status`).toBe(9);
  const signals = (await readFile(notes, 'utf8')).split('\n').filter((line) => line !== '');
  const stop = /\[(all stopped|stopped alone)\]/.exec(output)?.[1];
  const got = signals.map((name) => `SIG${name}`).join(' ') || 'not';
  return (stop === undefined ? '' : `${stop}; then `) + got.replace(/^(SIG\S+)$/, 'once, $1');
}

const SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGWINCH',
  'SIGCONT',
] as const;
const ROWS: readonly (readonly [what: string, kinds: readonly Kind[], action: string])[] = [
  ['Ctrl-C', ['pty'], 'keys:03'],
  ['Ctrl-\\', ['pty'], 'keys:1c'],
  ['the terminal is closed', ['pty'], 'close'],
  ['Ctrl-Z, then `fg`', ['shell'], 'keys:1a'],
  ['`kill -TSTP` of `countersign`, then `fg`', ['shell'], 'kill:SIGTSTP'],
  ...SIGNALS.map((name) => [`\`kill -${name.slice(3)}\` of \`countersign\``, ['pty', 'pipe'], `kill:${name}`] as const),
  ['SIGTERM to everything at once (systemd)', ['pty', 'pipe'], 'all:SIGTERM'],
  ['SIGINT to the process group (a shell, `make`)', ['pty', 'pipe'], 'group:SIGINT'],
];

test('every signal reaches the command once: the table in docs/client-signals.md', async () => {
  const lines = ['| | on a terminal | without a terminal |', '|---|---|---|'];
  for (const [what, kinds, action] of ROWS) {
    const results = await Promise.all(kinds.map(async (kind) => [kind, await count(kind, action)] as const));
    const { pty, shell, pipe } = Object.fromEntries(results);
    lines.push(`| ${what} | ${pty ?? shell ?? ''} | ${pipe ?? ''} |`);
  }
  const table = lines.join('\n');
  const page = resolve(import.meta.dirname, '../../docs/client-signals.md');
  const text = await readFile(page, 'utf8');
  if (process.env['WRITE_DOCS'] === '1') {
    await writeFile(page, text.replace(/\| \| on a terminal[\s\S]*?\n(?!\|)/, `${table}\n`));
  } else expect(text).toContain(table);
}, 600_000);

describe('when the seat is lost', () => {
  async function lose(kind: 'pty' | 'pipe', script: string, options: readonly string[]) {
    const { license_id, license_key } = await shortLease();
    const env = {
      ...process.env,
      COUNTERSIGN_URL: suite.stack.gateway,
      COUNTERSIGN_LICENSE_KEY: license_key,
      COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
      COUNTERSIGN_PRODUCT: 'default',
      XDG_STATE_HOME: join(client.project, 'state'),
    };
    const program = [
      process.execPath,
      join(client.folder, 'countersign.js'),
      'hold',
      ...options,
      '--',
      'sh',
      '-c',
      script,
    ];
    const running = run(
      'python3',
      [join(import.meta.dirname, 'on-terminal.py'), kind, 'wait:working', '--', ...program],
      {
        cwd: client.project,
        env,
      },
    );
    for (;;) {
      const list = await suite.send('GET', `/api/v1/licenses/${license_id}/sessions`, undefined, 'owner');
      const [session] = list.body;
      if (session !== undefined) {
        await sleep(1_500);
        await suite.send('DELETE', `/api/v1/sessions/${session.session}`, undefined, 'owner');
        break;
      }
      await sleep(50);
    }
    const ended: Ended = JSON.parse((await running).stdout);
    return ended;
  }

  test.each(['pty', 'pipe'] as const)(
    'on a %s the command, its children and what ignores SIGTERM end',
    async (kind) => {
      const marker = `hold-test-${kind}-${process.pid}`;
      const script = `trap '' TERM; (trap '' TERM; exec sh -c 'while :; do sleep 1; done' ${marker}-child) & echo working; while :; do sleep 1; done`;
      const { status, output } = await lose(kind, script, ['--grace', '1']);
      expect(status).toBe(77);
      expect(output).toContain('administrator');
      const processes = (await run('ps', ['-A', '-o', 'args='])).stdout;
      expect(processes).not.toContain(`${marker}-child`);
    },
    120_000,
  );
});

test('a signal that comes before there is a seat ends the waiting', async () => {
  const { license_key } = await suite.license(1);
  await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'somebody else' });
  const env = {
    ...process.env,
    COUNTERSIGN_URL: suite.stack.gateway,
    COUNTERSIGN_LICENSE_KEY: license_key,
    COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
    COUNTERSIGN_PRODUCT: 'default',
  };
  const program = [process.execPath, join(client.folder, 'countersign.js'), 'hold', '--wait', '600', '--', 'true'];
  const args = [
    join(import.meta.dirname, 'on-terminal.py'),
    'pipe',
    'wait:trying again',
    'kill:SIGUSR2',
    '--',
    ...program,
  ];
  const { stdout } = await run('python3', args, { cwd: client.project, env });
  expect(JSON.parse(stdout).status).toBe(128 + 12);
});
