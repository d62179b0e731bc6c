import { describe, expect, test } from 'vitest';
import { BusyError, patiently } from '#local/patience.ts';

const failing = (errors: Error[]) => async () => {
  const error = errors.shift();
  if (error !== undefined) throw error;
  return 'done';
};
const grpc = (code: number) => new Error('wrapped', { cause: Object.assign(new Error('gRPC'), { code }) });

async function run(errors: Error[]) {
  const said: string[] = [];
  let pauses = 0;
  const result = await patiently(
    failing(errors),
    (line) => said.push(line),
    async () => {
      pauses += 1;
    },
  ).catch((error: Error) => error);
  return { result, said: said.length, pauses };
}

describe('a busy machine', () => {
  test.each([
    ['an answer 503', new BusyError('503')],
    ['DEADLINE_EXCEEDED', grpc(4)],
    ['UNAVAILABLE', grpc(14)],
    ['a fetch that timed out', Object.assign(new Error('late'), { name: 'TimeoutError' })],
  ])('%s: it tries again and says so', async (_, error) => {
    expect(await run([error, error])).toEqual({ result: 'done', said: 2, pauses: 2 });
  });

  test('has an end', async () => {
    const error = new BusyError('503');
    expect(await run(Array(6).fill(error))).toEqual({ result: error, said: 5, pauses: 5 });
  });

  test('is no excuse for another fault', async () => {
    const error = grpc(7);
    expect(await run([error])).toEqual({ result: error, said: 0, pauses: 0 });
  });
});
