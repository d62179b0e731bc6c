import { signal } from '@preact/signals';
import { T } from '../texts.ts';

interface Said {
  readonly text: string;
  /** Takes back what was done. */
  readonly undo?: (() => void) | undefined;
}

const said = signal<Said | undefined>(undefined);
let timer: ReturnType<typeof setTimeout> | undefined;

/** Milliseconds that a result stays on the screen: enough to read twelve words at the slowest speed that WCAG assumes. */
const SHOWN = 8_000;

/**
 * Tells a result in the one status region, for eyes and screen readers.
 * @param undo takes back what was done; such a result stays until it is dismissed, or another one comes
 */
export function announce(text: string, undo?: () => void): void {
  clearTimeout(timer);
  said.value = undefined;
  // The same text twice is a change only with an empty one between.
  setTimeout(() => {
    said.value = { text, undo };
    if (undo === undefined) timer = setTimeout(hush, SHOWN);
  }, 50);
}

function hush(): void {
  said.value = undefined;
}

export function Status() {
  const { text, undo } = said.value ?? {};
  return (
    <div class={undo === undefined ? 'status' : 'status with-undo'}>
      <span role="status">{text}</span>
      {undo === undefined ? null : (
        <>
          <button
            type="button"
            class="link"
            onClick={() => {
              hush();
              undo();
            }}
          >
            {T.undo}
          </button>
          <button type="button" class="link" onClick={hush}>
            {T.dismiss}
          </button>
        </>
      )}
    </div>
  );
}
