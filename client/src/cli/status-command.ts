import { isBorrowed } from '../license/strict.ts';
import { nodePlatform } from '../platform/node.ts';
import { createContext, type SeatContext } from '../seat/context.ts';
import { readOptions } from '../seat/options.ts';
import { EXIT } from './exit.ts';
import { type SeatArguments, seatOptions, toCommandError } from './seat-command.ts';
import type { Terminal } from './terminal.ts';

/** What this machine may start with when there is no server. */
interface Status {
  /** `kept`: the licence of the last run, which works offline for a while. */
  readonly state: 'borrowed' | 'kept' | 'none' | 'refused';
  readonly license_id?: unknown;
  readonly valid_until?: string | undefined;
  readonly reason?: string;
  readonly message: string;
}

/** `countersign status`: what is borrowed here, without asking for a seat. 0 when a start without the server is possible. */
export async function statusCommand(args: SeatArguments, terminal: Terminal): Promise<number> {
  const status = await read(args, terminal);
  terminal.out(args.json ? `${JSON.stringify(status)}\n` : `${status.message}\n`);
  return status.state === 'borrowed' || status.state === 'kept' ? EXIT.ok : EXIT.invalid;
}

async function read(args: SeatArguments, terminal: Terminal): Promise<Status> {
  const context = await open(args, terminal);
  const kept = await context.cache.load();
  const license = context.options.licenseFile ?? (kept.kind === 'license' ? kept.license : undefined);
  if (license === undefined) return { state: 'none', message: 'No licence is kept on this machine.' };
  const check = await context.verify(license);
  if (!check.valid) return { state: 'refused', reason: check.reason, message: check.message };
  const state = isBorrowed(check) ? 'borrowed' : 'kept';
  const until = check.validUntil === undefined ? undefined : new Date(check.validUntil).toISOString();
  const left = ((check.validUntil ?? Number.POSITIVE_INFINITY) - context.clock.now()) / 86_400_000;
  const what = state === 'borrowed' ? 'A seat is borrowed' : 'The licence of the last run works';
  const message = `${what} until ${until}, for ${left.toFixed(1)} more days.`;
  return { state, license_id: check.claims['license_id'], valid_until: until, message };
}

async function open(args: SeatArguments, terminal: Terminal): Promise<SeatContext> {
  try {
    return await createContext(readOptions(await seatOptions(args, terminal)), nodePlatform);
  } catch (error) {
    throw toCommandError(error);
  }
}
