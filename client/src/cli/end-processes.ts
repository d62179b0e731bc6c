import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

export interface Ending {
  /** Of the command. */
  readonly pid: number;
  /** Whether the command leads a process group of its own. */
  readonly ownGroup: boolean;
  /** Processes of our own in that group. */
  readonly spare: readonly number[];
  /** Milliseconds between asking and killing. */
  readonly grace: number;
}

export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Ended, and not yet asked after by its parent. */
  readonly zombie: boolean;
}

const LOOK_EVERY = 100;
const run = promisify(execFile);

/** Asks a command and everything that it has started to end, and kills what is left after the grace. */
export async function endProcesses({ pid, ownGroup, spare, grace }: Ending): Promise<void> {
  if (process.platform === 'win32') return endOnWindows(pid, grace);
  const begun = performance.now();
  // Kept from look to look: a child whose parent is gone is not found by its parent any more.
  const known = new Set<number>([pid]);
  const look = async () => {
    const processes = await listProcesses();
    for (const found of descendants(processes, pid, ownGroup, known)) known.add(found);
    for (const mine of spare) known.delete(mine);
    const inGroup = new Set(ownGroup ? processes.filter(({ group }) => group === pid).map((one) => one.pid) : []);
    const gone = new Set(processes.filter(({ zombie }) => zombie).map((one) => one.pid));
    const alone = [...known].filter((one) => !inGroup.has(one) && !gone.has(one) && isAlive(one));
    // The group as a whole, so that a process that it starts at this moment is not missed; -pid is how POSIX names it.
    return ownGroup && isAlive(-pid) ? [-pid, ...alone.filter((one) => one !== pid)] : alone;
  };
  send(await look(), 'SIGTERM');
  for (;;) {
    const left = await look();
    if (left.length === 0) return;
    if (performance.now() - begun >= grace) return send(left, 'SIGKILL');
    await sleep(Math.min(LOOK_EVERY, grace));
  }
}

/**
 * What a command has started, and what that has started: by parents, from those that are known already, and by the
 * group where the command leads it.
 */
function descendants(
  processes: readonly ProcessEntry[],
  pid: number,
  ownGroup: boolean,
  known: ReadonlySet<number> = new Set([pid]),
): number[] {
  const found = new Set(known);
  for (let size = -1; size !== found.size; ) {
    size = found.size;
    for (const one of processes) {
      if (found.has(one.parent) || (ownGroup && one.group === pid)) found.add(one.pid);
    }
  }
  return [...found];
}

async function listProcesses(): Promise<ProcessEntry[]> {
  try {
    // POSIX; busybox knows these columns, too.
    const { stdout } = await run('ps', ['-A', '-o', 'pid=,ppid=,pgid=,stat=']).catch(() =>
      run('ps', ['-o', 'pid,ppid,pgid,stat']),
    );
    return stdout.split('\n').flatMap((line) => {
      const [, pid, parent, group, state] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)/.exec(line) ?? [];
      if (pid === undefined) return []; // a heading
      return [
        { pid: Number(pid), parent: Number(parent), group: Number(group), zombie: state?.startsWith('Z') === true },
      ];
    });
  } catch {
    return []; // no ps here: then the group, or the command alone, is what can be ended
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function send(pids: readonly number[], signal: 'SIGTERM' | 'SIGKILL'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}

async function endOnWindows(pid: number, grace: number): Promise<void> {
  await run('taskkill', ['/T', '/PID', String(pid)]).catch(() => undefined);
  for (const begun = performance.now(); isAlive(pid) && performance.now() - begun < grace; ) await sleep(LOOK_EVERY);
  if (isAlive(pid)) await run('taskkill', ['/T', '/F', '/PID', String(pid)]).catch(() => undefined);
}
