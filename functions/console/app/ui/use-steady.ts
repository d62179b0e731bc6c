import { useRef, useState } from 'preact/hooks';

/**
 * A live list that moves nothing under the reader's hands: rows that are shown stay and are updated in place, those that
 * have come or gone since are counted, and appear when the reader wants them.
 */
export function useSteady<T>(items: readonly T[], keyOf: (item: T) => string) {
  const [, redraw] = useState(0);
  const held = useRef<readonly T[] | undefined>(undefined);
  held.current ??= items;
  const fresh = new Map(items.map((item) => [keyOf(item), item]));
  const shownKeys = new Set(held.current.map(keyOf));
  const gone = held.current.filter((item) => !fresh.has(keyOf(item)));
  const come = items.filter((item) => !shownKeys.has(keyOf(item)));
  // What is on the screen as it is now; a row that is gone keeps what was known last.
  held.current = held.current.map((item) => fresh.get(keyOf(item)) ?? item);
  const show = () => {
    held.current = items;
    redraw((count) => count + 1);
  };
  return { shown: held.current, gone: new Set(gone.map(keyOf)), changes: gone.length + come.length, show };
}
