import type { ComponentChildren } from 'preact';
import type { Failure } from '../api/request-error.ts';
import { T } from '../texts.ts';
import { Dialog } from './dialog.tsx';
import { FailureNotice } from './notice.tsx';

export interface ConfirmProps {
  readonly title: string;
  readonly children: ComponentChildren;
  readonly action: string;
  readonly pending: boolean;
  readonly failure: Failure | undefined;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
  readonly wide?: boolean;
}

/** Asks before something that cannot be undone, and stays open with the reason when it fails. */
export function Confirm(props: ConfirmProps) {
  const {
    title,
    children,
    action,
    pending,
    failure,
    danger = true,
    disabled = false,
    onConfirm,
    onClose,
    wide = false,
  } = props;
  return (
    <Dialog title={title} onClose={onClose} wide={wide}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onConfirm();
        }}
      >
        {children}
        <FailureNotice failure={failure} act />
        <div class="actions">
          <button
            type="submit"
            class={danger ? 'danger' : 'primary'}
            aria-disabled={pending || disabled}
            disabled={disabled}
          >
            {pending ? T.working : action}
          </button>
          <button type="button" onClick={onClose}>
            {T.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
