import type { Platform } from '../platform/platform.ts';

/**
 * Rings once, when either clock says so: the monotonic one may have stood still while the machine slept, and the other
 * one may be set back.
 */
export interface Alarm {
  /** Replaces whatever was set. @param wait milliseconds */
  set(wait: number): void;
  /** Looks at the clock now: a machine that wakes may be past the time. */
  look(): void;
  clear(): void;
}

export function createAlarm(
  platform: Pick<Platform, 'monotonic' | 'setTimer' | 'longestTimer'>,
  now: () => number,
  ring: () => void,
): Alarm {
  let due: { readonly time: number; readonly monotonic: number } | undefined;
  let cancel = () => {};

  function look(): void {
    cancel();
    if (due === undefined) return;
    const left = Math.min(due.time - now(), due.monotonic - platform.monotonic());
    if (left > 0) {
      cancel = platform.setTimer(look, Math.min(left, platform.longestTimer), false);
      return;
    }
    due = undefined;
    ring();
  }

  return {
    set(wait) {
      cancel();
      due = { time: now() + wait, monotonic: platform.monotonic() + wait };
      cancel = platform.setTimer(look, Math.min(wait, platform.longestTimer), false);
    },
    look,
    clear() {
      cancel();
      due = undefined;
    },
  };
}
