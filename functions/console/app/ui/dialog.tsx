import type { ComponentChildren } from 'preact';
import { useEffect, useId, useLayoutEffect, useRef } from 'preact/hooks';
import { T } from '../texts.ts';

export interface DialogProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Undefined: it can be left only by what it asks for. */
  readonly onClose?: (() => void) | undefined;
  readonly wide?: boolean;
}

/** A native modal dialog. The focus goes in when it opens, stays inside, and back to where it was. */
export function Dialog({ title, children, onClose, wide = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  const before = useRef<Element | null>(null);

  useLayoutEffect(() => {
    before.current = document.activeElement;
    dialog.current?.showModal();
    return () => {
      dialog.current?.close();
      if (before.current instanceof HTMLElement && before.current.isConnected) before.current.focus();
      else document.querySelector<HTMLElement>('main h1')?.focus();
    };
  }, []);

  useEffect(() => {
    const element = dialog.current;
    const cancel = (event: Event) => {
      event.preventDefault();
      onClose?.();
    };
    element?.addEventListener('cancel', cancel);
    return () => element?.removeEventListener('cancel', cancel);
  }, [onClose]);

  return (
    <dialog ref={dialog} aria-labelledby={id} class={wide ? 'wide' : undefined}>
      <div class="dialog-head">
        <h2 id={id}>{title}</h2>
        {onClose === undefined ? null : (
          <button type="button" class="icon" aria-label={T.close} onClick={onClose}>
            <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
              <path d="m3 3 10 10M13 3 3 13" stroke="currentColor" stroke-width="1.8" stroke-linecap="round" />
            </svg>
          </button>
        )}
      </div>
      {children}
    </dialog>
  );
}
