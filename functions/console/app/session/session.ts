import { signal } from '@preact/signals';
import type { SessionState } from '#shared/contract/console.ts';
import { failureOf, RequestError } from '../api/request-error.ts';
import { send } from '../api/send.ts';
import { kept } from './kept.ts';
import { endOfToken } from './token-end.ts';
import { goBack } from './way-back.ts';

export type SignedIn = Extract<SessionState, { state: 'signed_in' }>;

export type Session =
  | { readonly state: 'starting' }
  | { readonly state: 'unreachable' }
  | { readonly state: 'signed_out' }
  | Extract<SessionState, { state: 'second_factor' }>
  | SignedIn;

/** Who is signed in. The ID token is kept here, in memory, and nowhere else. */
export const session = signal<Session>({ state: 'starting' });

/** The session has ended while the page was in use: it asks for a sign-in above what is on the screen, which stays. */
export const interrupted = signal(false);

/** Milliseconds before its end at which a token is renewed. */
const MARGIN = 60_000;

/** A request of the page itself: its cookie is the session, which the server accepts from our origin alone. */
export const post = async (path: string, body: unknown = {}): Promise<unknown> =>
  (
    await send(`/console/${path}`, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  ).body;

/** Asks who is signed in, at the start and after a lost connection. */
export async function begin(): Promise<void> {
  try {
    const answer = (await post('token')) as SessionState;
    if (answer.state === 'signed_in') goBack();
    accept(answer);
  } catch (error) {
    session.value = { state: failureOf(error).status === 401 ? 'signed_out' : 'unreachable' };
  }
}

/** Takes over what a step of a sign-in has answered. */
export function accept(answer: unknown): void {
  const next = answer as SessionState;
  const before = session.peek();
  if (next.state === 'signed_in') {
    // Another person must not find the screens of the one before.
    if (interrupted.peek() && before.state === 'signed_in' && before.uid !== next.uid) {
      location.assign('/console');
      return;
    }
    interrupted.value = false;
    session.value = next;
    return;
  }
  if (!interrupted.peek()) session.value = next;
}

let renewal: Promise<string> | undefined;

/**
 * An ID token that is good for a minute at least.
 * @param refused the token that the API has just refused
 * @throws RequestError 401 when nobody is signed in any more, and the page asks for it; any other when renewing failed
 */
export function idToken(refused?: string): string | Promise<string> {
  const current = session.peek();
  if (current.state === 'signed_in' && current.id_token !== refused && !interrupted.peek()) {
    if (endOfToken(current.id_token) - Date.now() > MARGIN) return current.id_token;
  }
  renewal ??= renew().finally(() => {
    renewal = undefined;
  });
  return renewal;
}

async function renew(): Promise<string> {
  try {
    const answer = (await post('token')) as SessionState;
    if (answer.state !== 'signed_in') throw new RequestError({ status: 401, code: 'unauthenticated' });
    accept(answer);
    return answer.id_token;
  } catch (error) {
    if (failureOf(error).status === 401 && session.peek().state === 'signed_in') interrupted.value = true;
    throw error;
  }
}

/** Ends this session, or all sessions of the person. @throws RequestError and nothing has ended */
export async function signOut(everywhere: boolean): Promise<void> {
  try {
    await post('sign-out', everywhere ? { everywhere } : {});
  } catch (error) {
    if (failureOf(error).status !== 401) throw error;
  }
  kept.clear();
  // A fresh page: nothing of the person is left in its memory.
  location.assign('/console');
}
