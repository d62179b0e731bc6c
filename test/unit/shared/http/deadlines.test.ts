import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createDeadlines } from '#shared/http/deadlines.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('deadlines', () => {
  it('tells each that is missed once, and none that was met', () => {
    const { set } = createDeadlines();
    const missed: string[] = [];
    set(100, () => missed.push('short'));
    const met = set(100, () => missed.push('met'));
    set(1_000, () => missed.push('long'));
    vi.advanceTimersByTime(99);
    expect(missed).toEqual([]);
    met.cancel();
    vi.advanceTimersByTime(100);
    expect(missed).toEqual(['short']);
    vi.advanceTimersByTime(5_000);
    expect(missed).toEqual(['short', 'long']);
  });

  it('looks no more when none is open, and again for the next one', () => {
    const { set } = createDeadlines();
    set(60_000, () => undefined).cancel();
    vi.advanceTimersByTime(1_000);
    expect(vi.getTimerCount()).toBe(0);
    const missed = vi.fn();
    set(10, missed);
    vi.advanceTimersByTime(1_000);
    expect(missed).toHaveBeenCalledOnce();
    expect(vi.getTimerCount()).toBe(0);
  });
});
