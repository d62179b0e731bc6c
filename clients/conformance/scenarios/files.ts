import { expect } from 'vitest';
import type { Adapter, Answer } from '../adapter.ts';
import { refusedWith, type Scenario, type Stage, stateOf, types } from './scenario.ts';

const DAY = 86_400;

/** Holds the seat of a licence file, on a machine without a network. */
async function holdFile({ server, program, hold }: Stage, file: string, offset = 0): Promise<[Answer, Adapter]> {
  const one = await program();
  await one.ask({ do: 'clock', offset_ms: offset });
  server.state.fault = () => 'reset';
  return [await hold(one, { license_file: file }), one];
}

const refuses = (
  name: string,
  code: string,
  reason: string | undefined,
  file: (stage: Stage) => string,
  offset = 0,
) => ({
  name: `a licence file is refused: ${name}`,
  needs: 'files' as const,
  async play(stage: Stage) {
    const [answer] = await holdFile(stage, file(stage), offset);
    refusedWith(code, reason)(answer);
    expect(stage.server.received).toEqual([]);
  },
});

/** Seats that an administrator has borrowed for machines without a network. */
export const FILES: readonly Scenario[] = [
  {
    name: 'a licence file holds a borrowed seat and asks nobody',
    needs: 'files',
    async play(stage) {
      const { server } = stage;
      const [answer, one] = await holdFile(stage, server.file('machine-1', DAY));
      expect(answer).toMatchObject({ ok: true, state: 'borrowed' });
      const until = server.sessions()[0]?.borrowedUntil;
      expect(await one.ask({ do: 'state' })).toMatchObject({ tier: 'professional', borrowed_until_ms: until });
      for (const asked of ['borrow', 'return_borrowed'])
        expect(await one.ask({ do: asked })).toMatchObject({ ok: false, code: 'borrowed_as_file' });
      expect(await stateOf(one)).toBe('borrowed');
      await one.ask({ do: 'release' });
      expect(await one.event('released')).toMatchObject({ confirmed: true, still_held: true });
      expect(types(one)).toEqual(['borrowed', 'released']);
      expect(server.received).toEqual([]);
    },
  },
  {
    name: 'a licence file that is over ends the seat, and one that is not yet can be had again',
    needs: 'files',
    async play(stage) {
      const [answer, one] = await holdFile(stage, stage.server.file('machine-1', 15));
      expect(answer).toMatchObject({ ok: true, state: 'borrowed' });
      await one.event('lost', { reason: 'borrow_ended' });
      expect(stage.server.received).toEqual([]);
    },
  },
  refuses('another machine', 'license_invalid', 'wrong_hardware', ({ server }) => server.file('machine-2', DAY)),
  refuses('over', 'clock_wrong', 'stale', ({ server }) => server.file('machine-1', DAY), 2 * DAY * 1000),
  refuses(
    'the clock turned back an hour',
    'license_invalid',
    'clock_turned_back',
    ({ server }) => server.file('machine-1', DAY),
    -3_600_000,
  ),
  refuses('not of the root', 'license_invalid', 'bad_signature', ({ server }) => {
    server.state.signer = { ...server.keys.stranger, keyVersion: server.keys.first.keyVersion };
    return server.file('machine-1', DAY);
  }),
  refuses('not borrowed', 'license_invalid', undefined, ({ server }) => {
    server.state.claims = { mode: 'online' };
    return server.file('machine-1', DAY);
  }),
];
