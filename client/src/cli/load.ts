import { nodePlatform } from '../platform/node.ts';
import { failureOf, failureOfAnswer } from '../seat/failure.ts';
import { CommandError, EXIT } from './exit.ts';

const TIMEOUT = 10_000;

/**
 * Fetches what the server publishes of keys.
 * @param read returns undefined for a text that is something else
 * @throws CommandError that says why there is no answer
 */
export async function load<T>(server: string, path: string, read: (text: string) => T | undefined): Promise<T> {
  const url = server + path;
  try {
    const response = await nodePlatform.fetch(url, { signal: AbortSignal.timeout(TIMEOUT) });
    const found = response.ok ? read(await response.text()) : undefined;
    if (found === undefined) throw new NoKeys(response.status);
    return found;
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
