import { type Fault, isFault } from '#shared/model/errors.ts';

/** A function whose calls stay in flight until the test answers them. */
export function heldCalls() {
  const held: { text: string; answer: (result: Uint8Array) => void; fail: (error: unknown) => void }[] = [];
  const call = (text: string): Promise<Uint8Array> =>
    new Promise((answer, fail) => {
      held.push({ text, answer, fail });
    });
  return { call, held };
}

export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isFault(error)) throw new Error('expected a Fault', { cause: error });
  return error;
}

/** Lets every promise that can settle do so. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));
