import type { ComponentChildren } from 'preact';
import type { Failure } from '../api/request-error.ts';
import { T } from '../texts.ts';
import { wordsFor } from '../words-for.ts';

/** What went wrong, where it went wrong; screen readers are told at once. */
export function FailureNotice({
  failure,
  retry,
  act = false,
}: {
  failure: Failure | undefined;
  retry?: () => void;
  act?: boolean;
}) {
  if (failure === undefined) return null;
  const { title, detail } = wordsFor(failure, act);
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>{title}</strong> {detail}
      </p>
      {failure.requestId === undefined ? null : <p class="quiet small">{T.failure.reference(failure.requestId)}</p>}
      {retry === undefined ? null : (
        <button type="button" onClick={retry}>
          {T.failure.retry}
        </button>
      )}
    </div>
  );
}

export function Notice({ kind = 'info', children }: { kind?: 'info' | 'warn' | 'good'; children: ComponentChildren }) {
  return <div class={`notice ${kind}`}>{children}</div>;
}
