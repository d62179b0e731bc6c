import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createGroupCommit } from '#shared/concurrency/group-commit.ts';

interface Group {
  readonly key: string;
  readonly requests: readonly number[];
  readonly answer: (results?: readonly string[]) => void;
  readonly fail: (error: unknown) => void;
}

/** A group commit whose groups stay under way until the test answers them. */
function held(limits: { maxGroup?: number; maxWaiting?: number } = {}) {
  const groups: Group[] = [];
  const { submit } = createGroupCommit<number, string>({
    maxGroup: limits.maxGroup ?? 50,
    maxWaiting: limits.maxWaiting ?? 1000,
    run: (key, requests) =>
      new Promise((resolve, reject) => {
        const all = requests.map((request) => `${key}${request}`);
        groups.push({ key, requests, answer: (results = all) => resolve(results), fail: reject });
      }),
  });
  return { submit, groups, sizes: () => groups.map(({ requests }) => requests.length) };
}

/** Lets every promise that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));
const outcome = (promise: Promise<unknown>) => promise.catch((error: unknown) => error);

describe('createGroupCommit', () => {
  it('lets a request that finds nothing under way go at once and alone', async () => {
    const { submit, groups } = held();
    const result = submit('a', 1);
    expect(groups.map(({ requests }) => requests)).toEqual([[1]]);
    groups[0]?.answer();
    expect(await result).toBe('a1');
    const again = submit('a', 2);
    expect(groups.map(({ requests }) => requests)).toEqual([[1], [2]]);
    groups[1]?.answer();
    expect(await again).toBe('a2');
  });

  it('sends those that arrive meanwhile together, in order, when the first returns', async () => {
    const { submit, groups } = held();
    const results = [1, 2, 3, 4].map((request) => submit('a', request));
    expect(groups.length).toBe(1);
    groups[0]?.answer();
    await settle();
    expect(groups.map(({ requests }) => requests)).toEqual([[1], [2, 3, 4]]);
    groups[1]?.answer();
    expect(await Promise.all(results)).toEqual(['a1', 'a2', 'a3', 'a4']);
  });

  it('lets no key wait for another', () => {
    const { submit, groups } = held();
    void submit('a', 1);
    void submit('b', 2);
    expect(groups.map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('makes no group larger than it may be', async () => {
    const { submit, groups, sizes } = held({ maxGroup: 3 });
    const results = Array.from({ length: 9 }, (_, index) => submit('a', index));
    for (let index = 0; index < 4; index += 1) {
      groups[index]?.answer();
      await settle();
    }
    expect(sizes()).toEqual([1, 3, 3, 2]);
    expect(await Promise.all(results)).toEqual(Array.from({ length: 9 }, (_, index) => `a${index}`));
  });

  it('fails only the requests of the group that failed', async () => {
    const { submit, groups } = held({ maxGroup: 2 });
    const results = [1, 2, 3, 4, 5].map((request) => outcome(submit('a', request)));
    const failure = new Error('aborted');
    groups[0]?.answer();
    await settle();
    groups[1]?.fail(failure);
    await settle();
    groups[2]?.answer();
    expect(await Promise.all(results)).toEqual(['a1', failure, failure, 'a4', 'a5']);
  });

  it('goes on after a group that throws before it begins', async () => {
    let runs = 0;
    const failure = new Error('thrown');
    const { submit } = createGroupCommit<number, number>({
      maxGroup: 1,
      maxWaiting: 10,
      run: (_key, requests) => {
        runs += 1;
        if (runs === 1) throw failure;
        return Promise.resolve(requests);
      },
    });
    expect(await outcome(submit('a', 1))).toBe(failure);
    expect(await submit('a', 2)).toBe(2);
  });

  it('takes an answer that leaves some out for a mistake, and answers all with it', async () => {
    const { submit, groups } = held();
    const results = [1, 2, 3].map((request) => outcome(submit('a', request)));
    groups[0]?.answer();
    await settle();
    groups[1]?.answer(['only one']);
    expect(await Promise.all(results)).toEqual(['a1', expect.any(TypeError), expect.any(TypeError)]);
  });

  it('refuses those for whom there is no room to wait, and says when to come back', async () => {
    const { submit, groups, sizes } = held({ maxWaiting: 2 });
    const taken = [1, 2, 3].map((request) => submit('a', request));
    const refused = [4, 5].map((request) => outcome(submit('a', request)));
    expect(await Promise.all(refused)).toEqual([
      expect.objectContaining({ code: 'dependency_unavailable', retryAfter: 1 }),
      expect.objectContaining({ code: 'dependency_unavailable', retryAfter: 1 }),
    ]);
    groups[0]?.answer();
    await settle();
    const later = submit('a', 6);
    groups[1]?.answer();
    await settle();
    groups[2]?.answer();
    expect(await Promise.all([...taken, later])).toEqual(['a1', 'a2', 'a3', 'a6']);
    expect(sizes()).toEqual([1, 2, 1]);
  });

  it('answers everyone, each with its own, and never has two groups of one key under way', async () => {
    const steps = fc.array(fc.record({ key: fc.constantFrom('a', 'b', 'c'), pause: fc.nat(3), fails: fc.boolean() }), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 5 }), async (list, maxGroup) => {
        const underWay = new Map<string, number>();
        let most = 0;
        const { submit } = createGroupCommit<number, string>({
          maxGroup,
          maxWaiting: 1000,
          run: async (key, requests) => {
            const now = (underWay.get(key) ?? 0) + 1;
            underWay.set(key, now);
            most = Math.max(most, now);
            for (let tick = 0; tick < (list[requests[0] ?? 0]?.pause ?? 0); tick += 1) await Promise.resolve();
            underWay.set(key, now - 1);
            if (list[requests[0] ?? 0]?.fails) throw new Error(`${key}: ${requests.join()}`);
            return requests.map((request) => `${key}${request}`);
          },
        });
        const results: Promise<unknown>[] = [];
        for (const [index, { key, pause }] of list.entries()) {
          results.push(outcome(submit(key, index)));
          for (let tick = 0; tick < pause; tick += 1) await Promise.resolve();
        }
        const answers = await Promise.all(results);
        expect(most).toBeLessThanOrEqual(1);
        answers.forEach((answer, index) => {
          const key = list[index]?.key ?? '';
          if (typeof answer === 'string') expect(answer).toBe(`${key}${index}`);
          else expect(String(answer)).toMatch(new RegExp(`^Error: ${key}: (.*,)?${index}(,.*)?$`));
        });
      }),
    );
  });
});
