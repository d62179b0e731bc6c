import type { Built } from './bundle.ts';

/**
 * Maximum size of each bundle in KiB: its size when the budget was last set, plus a tenth. A cold start reads and
 * compiles all of it, so growth must be intended; the budget finds a dependency that was added unnoticed.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  admin: 3180,
  billing: 3200,
  console: 2660,
  docs: 1040,
  'key-rotation': 2830,
  'license-signing': 2860,
  'public-keys': 2630,
  seats: 3010,
  'session-reaper': 2620,
  'signed-urls': 2670,
  'task-payloads': 3190,
  'task-worker': 2290,
  'webhook-delivery': 3030,
  'upload-events': 2600,
};

/** One line for each bundle that exceeds its budget or has none, saying what to do. */
export function overBudget(built: readonly Built[]): string[] {
  return built.flatMap(({ name, size }) => {
    const budget = BUDGETS[name];
    if (budget === undefined) return [`${name} has no size budget: add it to scripts/build/budgets.ts`];
    const kib = Math.ceil(size / 1024);
    if (kib <= budget) return [];
    return [`${name} has ${kib} KiB of ${budget}: drop what it need not import, or raise scripts/build/budgets.ts`];
  });
}
