import { signal } from '@preact/signals';

const said = signal('');
let timer: ReturnType<typeof setTimeout> | undefined;

/** Milliseconds that a result stays on the screen: enough to read twelve words at the slowest speed that WCAG assumes. */
const SHOWN = 8_000;

/** Tells a result in the one status region, for eyes and screen readers. */
export function announce(text: string): void {
  clearTimeout(timer);
  said.value = '';
  // The same text twice is a change only with an empty one between.
  setTimeout(() => {
    said.value = text;
    timer = setTimeout(() => {
      said.value = '';
    }, SHOWN);
  }, 50);
}

export const Status = () => (
  <div class="status" role="status">
    {said.value}
  </div>
);
