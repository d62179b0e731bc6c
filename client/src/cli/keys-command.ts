import { asObject, parseObject, textOf } from '../json.ts';
import { nodePlatform } from '../platform/node.ts';
import { PATHS } from '../seat/api.ts';
import { failureOf, failureOfAnswer } from '../seat/failure.ts';
import { CommandError, EXIT } from './exit.ts';
import { serverOf } from './keys-for.ts';
import type { Terminal } from './terminal.ts';

export interface KeysArguments {
  readonly url?: string | undefined;
  readonly pem?: string | undefined;
  readonly json: boolean;
}

const TIMEOUT = 10_000;

/** `countersign keys`: what to pin, or one key for another tool. */
export async function keysCommand(args: KeysArguments, terminal: Terminal): Promise<number> {
  const url = serverOf(args.url, terminal) + PATHS.keys;
  const keys = await fetchList(url);
  if (args.pem !== undefined) {
    const key = keys.find((one) => one['key_version'] === args.pem);
    if (key === undefined) throw new CommandError(EXIT.invalid, 'unknown_key', `No key ${args.pem} is published.`);
    terminal.out(String(key['pem']));
  } else if (args.json) terminal.out(`${JSON.stringify({ keys })}\n`);
  else for (const key of keys) terminal.out(`${['key_version', 'state', 'kid'].map((name) => key[name]).join('  ')}\n`);
  return EXIT.ok;
}

async function fetchList(url: string): Promise<Readonly<Record<string, unknown>>[]> {
  try {
    const response = await nodePlatform.fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    const list: unknown = parseObject(await response.text())?.['keys'];
    if (!response.ok || !Array.isArray(list)) throw new NoKeys(response.status);
    return list.map((key) => asObject(key) ?? {}).filter((key) => textOf(key['key_version']) !== undefined);
  } catch (cause) {
    const failure = cause instanceof NoKeys ? failureOfAnswer(cause, undefined) : failureOf(cause);
    throw new CommandError(EXIT.unreachable, failure.code, `${failure.message} No keys came from ${url}.`);
  }
}

class NoKeys extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`answered ${status}`);
    this.status = status;
  }
}
