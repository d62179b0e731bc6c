import type { Built } from './bundle.ts';

/**
 * KiB of code that each bundle may have: what it had when this was last set, and a tenth. A start reads and compiles
 * all of it, so growth is to be meant; a dependency that came along unseen is found here.
 */
export const BUDGETS: Readonly<Record<string, number>> = {
  admin: 2800,
  docs: 1100,
  'key-rotation': 2530,
  'license-signing': 2540,
  'public-keys': 2550,
  seats: 2570,
  'session-reaper': 2350,
  'signed-urls': 2730,
  'task-payloads': 3160,
  'task-worker': 2110,
};

/** What exceeds its budget or has none, one line each that says what to do. */
export function overBudget(built: readonly Built[]): string[] {
  return built.flatMap(({ name, size }) => {
    const budget = BUDGETS[name];
    if (budget === undefined) return [`${name} has no size budget: add it to scripts/build/budgets.ts`];
    const kib = Math.ceil(size / 1024);
    if (kib <= budget) return [];
    return [`${name} has ${kib} KiB of ${budget}: drop what it need not import, or raise scripts/build/budgets.ts`];
  });
}
