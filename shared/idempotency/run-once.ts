import type { Clock } from '../model/clock.ts';
import { readOwnJson } from '../model/json-text.ts';
import { CommitError, type Document, type DocumentStore, type Write } from '../store/store.ts';
import { anotherRequest, type IdempotentInput, identifyRequest, sameMac } from './idempotent-request.ts';
import type { Once } from './once.ts';
import { openAnswer, sealAnswer } from './sealed-answer.ts';
import { IDEMPOTENCY_RETENTION } from './secrets.ts';

/** Ends a request whose act is done already: the first answer is given again. */
class Replay extends Error {
  readonly response: Answer;

  constructor(response: Answer) {
    super('the act is done already');
    this.name = 'Replay';
    this.response = response;
  }
}

export interface OnceOptions {
  readonly store: Pick<DocumentStore, 'get' | 'commit'>;
  readonly clock: Clock;
}

/** What the repeated request is answered: plain data, which JSON keeps as it is. */
interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export type RunOnce = <T>(
  input: IdempotentInput,
  route: { readonly id: string },
  respond: (result: T) => Answer,
  act: (once: Once<T> | undefined) => Promise<T>,
) => Promise<Answer>;

/**
 * Performs an act that is one commit, once for each Idempotency-Key and caller: a repeated request gets the first
 * answer for 24 hours. Without a key it simply performs the act.
 */
export function createRunOnce({ store, clock }: OnceOptions): RunOnce {
  return async (input, route, respond, act) => {
    const request = await identifyRequest(input, route);
    if (request === undefined) return respond(await act(undefined));
    const { path, mac, sealKey } = request;
    try {
      return respond(await act({ check, record }));
    } catch (error) {
      if (error instanceof Replay) return error.response;
      throw error;
    }

    async function check(): Promise<void> {
      const [found] = await store.get([path]);
      if (found === undefined) return;
      if (Number(found.fields['expires_at']) <= clock.now()) await forget(found);
      else throw new Replay(firstAnswer(found));
    }

    /** The store's TTL may take a day; a key is free when its time is over. */
    async function forget({ updateTime: lastUpdateTime }: Document): Promise<void> {
      await store.commit([{ op: 'delete', path, precondition: { lastUpdateTime } }]).catch((error: unknown) => {
        if (!(error instanceof CommitError)) throw error;
      });
    }

    function firstAnswer({ fields }: Document): Answer {
      const sealed = fields['sealed_answer'];
      const answer =
        sameMac(String(fields['body_mac']), mac) && typeof sealed === 'string'
          ? openAnswer(sealKey, path, sealed)
          : undefined;
      if (answer === undefined) throw anotherRequest();
      return readOwnJson(answer);
    }

    function record(result: Parameters<typeof respond>[0]): Write {
      const expires_at = clock.now() + IDEMPOTENCY_RETENTION;
      const sealed_answer = sealAnswer(sealKey, path, JSON.stringify(respond(result)));
      return { op: 'create', path, fields: { body_mac: mac, sealed_answer, expires_at }, deleteAfter: expires_at };
    }
  };
}
