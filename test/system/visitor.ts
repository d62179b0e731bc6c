import { STAFF, userOf } from '#local/people.ts';
import type { Reply, Suite } from './suite.ts';

/** A browser without a page: it keeps cookies, follows no redirect by itself, and says where its requests come from. */
export interface Visitor {
  readonly cookies: Map<string, string>;
  get(url: string): Promise<Reply>;
  /** A request of the console's page. @param origin `null` sends none */
  post(path: string, body?: unknown, origin?: string | null): Promise<Reply>;
  /** The way to the provider and back. @returns the callback's reply */
  signInAs(uid: string, provider?: 'google' | 'github'): Promise<Reply>;
}

export const OWNER = userOf('demo', 'owner');
export { STAFF };

export function createVisitor(suite: Suite): Visitor {
  const { gateway } = suite.stack;
  const cookies = new Map<string, string>();

  async function ask(url: string, init: RequestInit): Promise<Reply> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(url, gateway), {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, ...(cookie === '' ? {} : { cookie }) },
    });
    for (const line of response.headers.getSetCookie()) keep(line);
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '');
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : undefined };
  }

  function keep(line: string): void {
    const [pair = ''] = line.split(';');
    const cut = pair.indexOf('=');
    if (/Max-Age=0\b/.test(line)) cookies.delete(pair.slice(0, cut));
    else cookies.set(pair.slice(0, cut), pair.slice(cut + 1));
  }

  const get = (url: string) => ask(url, {});
  return {
    cookies,
    get,
    post: (path, body, origin = gateway) =>
      ask(`/console/${path}`, {
        method: 'POST',
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...(origin === null ? {} : { origin }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async signInAs(uid, provider = 'google') {
      const page = await get(`/console/sign-in/${provider}`);
      return get(await chooseAt(page.headers.get('location') ?? '', uid));
    },
  };
}

/** What the provider's page does when a person is chosen. @returns the callback with its code */
export async function chooseAt(providerPage: string, uid: string): Promise<string> {
  const url = new URL(providerPage);
  const chosen = new URLSearchParams({ state: url.searchParams.get('state') ?? '', uid });
  const response = await fetch(`${url.origin}/emulator/auth/as?${chosen}`, { redirect: 'manual' });
  return response.headers.get('location') ?? '';
}

/** The session's cookie, of which there is one. */
export function sessionCookie({ cookies }: Visitor): readonly [name: string, value: string] {
  const found = [...cookies].find(([name]) => name.startsWith('countersign-session'));
  if (found === undefined) throw new TypeError('nobody is signed in');
  return found;
}
