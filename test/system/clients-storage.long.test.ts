import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { languages } from '../../clients/conformance/languages.ts';
import { failing, held } from '../../clients/conformance/scenarios/scenario.ts';
import { type Keys, takeKeys } from '../../clients/conformance/signing.ts';
import { withStage } from '../../clients/conformance/stage.ts';

/** What clients keep between runs: clients of every language read it, and a full disk costs nothing but the memory. */
const PRESENT = languages().filter(({ missing }) => missing === undefined);
const BORROWING = PRESENT.filter(({ lacks = [] }) => !lacks.includes('borrow'));
const PAIRS = BORROWING.flatMap((first) =>
  BORROWING.filter((other) => other !== first).map((then) => ({ first, then })),
);

let keys: Keys;
beforeAll(async () => {
  keys = await takeKeys();
}, 120_000);

test.for(PAIRS)('a seat that $first.name has borrowed goes on in $then.name', { timeout: 90_000 }, ({ first, then }) =>
  withStage(keys, first, async ({ server, program, hold }) => {
    server.terms.borrow = { maxSeats: 1, maxSeconds: 7 * 86_400, earlyReturn: true };
    const one = await program();
    held(await hold(one));
    const { borrowed_until_ms } = await one.ask({ do: 'borrow', seconds: 86_400 });
    await one.end('SIGKILL');
    server.state.fault = failing;
    const two = await program(then);
    expect(await hold(two)).toMatchObject({ ok: true, state: 'borrowed' });
    expect(await two.ask({ do: 'state' })).toMatchObject({ state: 'borrowed', borrowed_until_ms });
    server.state.fault = undefined;
    expect(await two.ask({ do: 'return_borrowed' })).toMatchObject({ ok: true, state: 'released' });
    await two.end('exit');
    server.state.fault = failing;
    expect(await hold(await program())).toMatchObject({ ok: false, code: 'server_failed' });
  }),
);

/** A file system of 64 kB, where this user may make one. */
const disk = await mkdtemp(join(tmpdir(), 'countersign-disk-'));
const hasDisk = (() => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
afterAll(async () => {
  if (hasDisk) execFileSync('umount', [disk]);
  await rm(disk, { recursive: true, force: true });
});

describe.skipIf(!hasDisk)('on a full disk (needs the right to mount one)', () => {
  async function fill(): Promise<void> {
    for (const size of [4_096, 1])
      for (let count = 0; ; count += 1) {
        try {
          await writeFile(join(disk, `filled-${size}-${count}`), 'x'.repeat(size));
        } catch {
          break;
        }
      }
  }

  test.for(PRESENT)(
    'the client in $name holds its seat, and keeps the licence of before',
    { timeout: 90_000 },
    (language) =>
      withStage(keys, language, async ({ server, program, hold }) => {
        const storage = join(disk, language.name);
        await mkdir(storage);
        const one = await program();
        held(await hold(one, { storage }));
        await one.end('SIGKILL');
        const kept = await readdir(storage);
        await fill();
        const two = await program();
        held(await hold(two, { storage }));
        await two.event('storage_unavailable');
        await server.until('heartbeat', server.of('heartbeat').length + 2);
        expect(await readdir(storage)).toEqual(kept); // no drafts
        await two.end('SIGKILL');
        server.state.fault = failing;
        const three = await program();
        expect(await hold(three, { storage })).toMatchObject({ ok: true, state: 'offline' });
        await three.end('SIGKILL');
        for (const name of await readdir(disk)) await rm(join(disk, name), { recursive: true });
      }),
  );
});
