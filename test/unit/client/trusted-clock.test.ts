import { describe, expect, test } from 'vitest';
import { createTrustedClock } from '../../../client/src/trusted-clock.ts';

const MINUTE = 60_000;
const NOON = Date.parse('2026-07-01T12:00:00Z');

function setUp() {
  const machine = { wall: NOON, monotonic: 1_000, boot: 10_000 };
  const clock = createTrustedClock({
    now: () => machine.wall,
    monotonic: () => machine.monotonic,
    sinceBoot: () => machine.boot,
  });
  const pass = (milliseconds: number) => {
    machine.wall += milliseconds;
    machine.monotonic += milliseconds;
    machine.boot += milliseconds;
  };
  return { machine, clock, pass };
}

describe('the trusted clock', () => {
  test('is the wall clock before anything was seen', () => {
    const { clock, pass } = setUp();
    pass(MINUTE);
    expect([clock.now(), clock.turnedBack(), clock.latest()]).toEqual([NOON + MINUTE, false, undefined]);
  });

  test('never goes below a signed time, and tells a clock that is behind by more than five minutes', () => {
    const { clock } = setUp();
    clock.sawSigned(NOON + 5 * MINUTE);
    expect([clock.now(), clock.turnedBack()]).toEqual([NOON + 5 * MINUTE, false]);
    clock.sawSigned(NOON + 5 * MINUTE + 1);
    expect(clock.turnedBack()).toBe(true);
    clock.sawSigned(NOON);
    expect(clock.now()).toBe(NOON + 5 * MINUTE + 1);
  });

  test('follows the server both ways, but not below a signed time', () => {
    const { clock, pass } = setUp();
    clock.sawAnswer(NOON + 300 * MINUTE);
    expect([clock.now(), clock.turnedBack()]).toEqual([NOON + 300 * MINUTE, false]);
    clock.sawAnswer(NOON - 300 * MINUTE);
    pass(MINUTE);
    expect(clock.now()).toBe(NOON - 299 * MINUTE);
    clock.sawSigned(NOON - 10 * MINUTE);
    expect(clock.now()).toBe(NOON - 10 * MINUTE);
  });

  test('goes on when the clock is set back, and through sleep', () => {
    const { machine, clock, pass } = setUp();
    clock.sawAnswer(NOON);
    pass(10 * MINUTE);
    machine.wall -= 600 * MINUTE;
    expect(clock.now()).toBe(NOON + 10 * MINUTE);
    machine.wall += 600 * MINUTE;
    machine.wall += 480 * MINUTE; // asleep: the monotonic clock stands still
    expect(clock.now()).toBe(NOON + 490 * MINUTE);
    expect(clock.latest()).toBe(NOON + 490 * MINUTE);
  });

  test('does not go back once a licence was accepted by it, nor through sleep where there is a clock for that', () => {
    const { machine, clock, pass } = setUp();
    clock.sawSigned(NOON - MINUTE);
    clock.accepted();
    pass(10 * MINUTE);
    machine.wall -= 600 * MINUTE;
    clock.accepted();
    expect([clock.now(), clock.turnedBack()]).toEqual([NOON + 10 * MINUTE, false]);
    machine.boot += 480 * MINUTE;
    expect(clock.now()).toBe(NOON + 490 * MINUTE);
    clock.sawAnswer(NOON + 5 * MINUTE);
    expect(clock.now()).toBe(NOON + 5 * MINUTE);
  });

  test('takes the time of an answer for that of its request, however long the answer was on its way', () => {
    const { clock, pass } = setUp();
    const asked = clock.asked();
    pass(50 * MINUTE);
    clock.sawAnswer(NOON, asked);
    expect(clock.now()).toBe(NOON + 50 * MINUTE);
  });

  test('remembers what an earlier run saw, unless that is no time', () => {
    const { clock } = setUp();
    clock.remember(Number.NaN);
    expect(clock.latest()).toBeUndefined();
    clock.remember(NOON + 60 * MINUTE);
    expect([clock.turnedBack(), clock.now()]).toEqual([true, NOON + 60 * MINUTE]);
    clock.sawAnswer(NOON);
    expect([clock.turnedBack(), clock.now()]).toEqual([false, NOON]);
  });
});
