import type { Built } from './bundle.ts';

/**
 * Maximum size of each bundle in KiB: its size when the budget was last set, plus a tenth. A cold start reads and
 * compiles all of it, so growth must be intended; the budget finds a dependency that was added unnoticed.
 */
const BUDGETS: Readonly<Record<string, number>> = {
  admin: 2370,
  billing: 2480,
  console: 2030,
  docs: 830,
  'key-rotation': 2140,
  'license-signing': 2160,
  'public-keys': 2160,
  seats: 2180,
  'session-reaper': 1960,
  'signed-urls': 2350,
  'task-payloads': 2770,
  'task-worker': 1720,
  'webhook-delivery': 2360,
  'upload-events': 1990,
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
