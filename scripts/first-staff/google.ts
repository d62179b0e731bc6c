import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Settings } from './settings.ts';

/** An answer of Google that is an error; the message is its reason code. */
export class GoogleError extends Error {
  readonly status: number;

  constructor(status: number, reason: string) {
    super(reason);
    this.name = 'GoogleError';
    this.status = status;
  }
}

export interface Google {
  /** A method for whoever administers the project. @throws GoogleError */
  administer(method: 'GET' | 'POST' | 'PATCH', url: string, body?: object): Promise<unknown>;
  /** A method that people call themselves. @throws GoogleError */
  asPerson(method: string, apiKey: string, body: object): Promise<unknown>;
}

const ATTEMPTS = 4;
const TIMEOUT_MS = 30_000;
const errorBody = z.object({ error: z.object({ message: z.string() }) });

/** Each step of the script can be repeated, so a call that failed for no reason of ours is sent again. */
export function createGoogle(settings: Settings, accessToken: () => Promise<string>): Google {
  let token: Promise<string> | undefined;
  async function send(method: string, url: string, body: object | undefined, headers: Record<string, string>) {
    for (let attempt = 1; ; attempt += 1) {
      const response = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (response.ok) return JSON.parse(text);
      if (response.status < 500 || attempt === ATTEMPTS) throw new GoogleError(response.status, reasonOf(text));
      await sleep(200 * 2 ** attempt);
    }
  }
  return {
    async administer(method, url, body) {
      token ??= accessToken();
      const headers = { authorization: `Bearer ${await token}`, 'x-goog-user-project': settings.project };
      return send(method, url, body, headers);
    },
    asPerson: (method, apiKey, body) => send('POST', `${settings.identity}/${method}?key=${apiKey}`, body, {}),
  };
}

function reasonOf(text: string): string {
  try {
    return errorBody.parse(JSON.parse(text)).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
