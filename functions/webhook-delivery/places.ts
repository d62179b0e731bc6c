/** Deliveries that a dispatcher sends at the same time, and those of one endpoint among them: a slow one leaves the rest. */
const PLACES = 32;
const PLACES_EACH = 4;

/**
 * Works on items, at most 32 at the same time and at most four with the same key. Items of a key are begun in order.
 * @param work may throw; its promise is then rejected by the returned one, after all others have ended
 */
export async function inPlaces<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    waiting.set(key, [...(waiting.get(key) ?? []), item]);
  }
  const running = new Map<string, number>();
  const failures: unknown[] = [];

  /** The next item of a key that has a place free, in turns. */
  function next(): readonly [string, T] | undefined {
    for (const [key, queue] of waiting) {
      if ((running.get(key) ?? 0) >= PLACES_EACH) continue;
      const item = queue.shift();
      waiting.delete(key);
      if (item === undefined) continue;
      if (queue.length > 0) waiting.set(key, queue); // goes to the end, so that keys take turns
      return [key, item];
    }
    return undefined;
  }

  await new Promise<void>((resolve) => {
    let inFlight = 0;
    const fill = (): void => {
      while (inFlight < PLACES) {
        const found = next();
        if (found === undefined) break;
        const [key, item] = found;
        inFlight += 1;
        running.set(key, (running.get(key) ?? 0) + 1);
        work(item)
          .catch((error: unknown) => failures.push(error))
          .finally(() => {
            inFlight -= 1;
            running.set(key, (running.get(key) ?? 1) - 1);
            fill();
          });
      }
      if (inFlight === 0) resolve();
    };
    fill();
  });
  if (failures.length > 0) throw failures[0];
}
