import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Language } from './languages.ts';

/** An event of a seat, as an adapter tells it. */
export interface AdapterEvent {
  readonly type: string;
  readonly code?: string;
  readonly reason?: string;
  readonly confirmed?: boolean;
  readonly still_held?: boolean;
  readonly position?: number;
  readonly queue_length?: number;
  readonly borrowed_until_ms?: number;
}

export interface Answer {
  readonly ok: boolean;
  readonly state?: string;
  readonly code?: string;
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly borrowed_until_ms?: number;
  readonly max_seconds?: number;
  readonly verdict?: string;
  readonly tier?: string;
  readonly hardware_id?: string;
  readonly text?: string;
  /** Microseconds. */
  readonly verify_us?: number;
  readonly raw_us?: number;
}

/** A client in a process of its own, driven by lines of JSON (README.md). */
export interface Adapter {
  readonly pid: number;
  readonly events: readonly AdapterEvent[];
  readonly stderr: () => string;
  ask(command: { readonly do: string } & Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Waits until an event comes, or has come. */
  event(type: string, matching?: Partial<AdapterEvent>): Promise<AdapterEvent>;
  /** Ends the program by `exit`, or by a signal. @returns the exit code, or the signal */
  end(how: 'exit' | NodeJS.Signals): Promise<number | string | null>;
}

/** JSON in ASCII: some readers take U+2028 for the end of a line. */
export const line = (message: object): string =>
  JSON.stringify(message).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** A scenario is over by then, on the busiest machine. */
const LONGEST_ANSWER = 60_000;

export async function startAdapter(language: Language, ...args: readonly string[]): Promise<Adapter> {
  const [program = '', ...rest] = language.command;
  const child: ChildProcess = spawn(program, [...rest, ...args], {
    cwd: language.folder,
    env: { ...process.env, ...language.env, COUNTERSIGN_HARDWARE_ID: '' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  await once(child, 'spawn');
  const events: AdapterEvent[] = [];
  const waiting = new Map<number, (answer: Answer) => void>();
  const listeners = new Set<() => void>();
  let errors = '';
  let count = 0;
  child.stderr?.on('data', (chunk) => {
    errors += chunk;
  });
  child.stdin?.on('error', () => undefined);
  if (child.stdout === null) throw new TypeError('an adapter has an output');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message: { id?: number; event?: AdapterEvent } & Answer = JSON.parse(line);
    if (message.event !== undefined) {
      events.push(message.event);
      for (const listener of listeners) listener();
    } else waiting.get(message.id ?? 0)?.(message);
  });
  const orFail = <T>(promise: Promise<T>, what: string): Promise<T> => {
    let timer: NodeJS.Timeout | undefined;
    const seen = () => `${what}; events: ${JSON.stringify(events)}; ${errors}`;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${language.name}: no ${seen()}`)), LONGEST_ANSWER);
    });
    const gone = exited.then((status) => {
      throw new Error(`${language.name}: ended with ${status} before ${seen()}`);
    });
    return Promise.race([promise, late, gone]).finally(() => clearTimeout(timer));
  };
  exited.catch(() => undefined);

  return {
    pid: child.pid ?? 0,
    events,
    stderr: () => errors,
    ask(command) {
      count += 1;
      const id = count;
      const answer = new Promise<Answer>((resolve) => waiting.set(id, resolve));
      child.stdin?.write(`${line({ id, ...command })}\n`);
      const answered = orFail(answer, `answer to ${command.do}`);
      answered.catch(() => undefined); // a program that waits for a seat may be ended before it has one
      return answered;
    },
    event(type, matching = {}) {
      const wanted = Object.entries({ type, ...matching });
      const find = () => events.find((event) => wanted.every(([name, value]) => Reflect.get(event, name) === value));
      const coming = new Promise<AdapterEvent>((resolve) => {
        const look = () => {
          const found = find();
          if (found === undefined) return;
          listeners.delete(look);
          resolve(found);
        };
        listeners.add(look);
        look();
      });
      return orFail(coming, `event ${JSON.stringify(Object.fromEntries(wanted))}`);
    },
    async end(how) {
      if (child.exitCode !== null || child.signalCode !== null) return exited;
      if (how === 'exit') child.stdin?.write(`${JSON.stringify({ do: 'exit' })}\n`);
      else child.kill(how);
      return exited;
    },
  };
}
