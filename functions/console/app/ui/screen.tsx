import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Resource } from '../api/use-resource.ts';
import { T } from '../texts.ts';
import { FailureNotice } from './notice.tsx';

interface ScreenProps {
  readonly title: string;
  /** Above the title: where the screen belongs to. */
  readonly above?: ComponentChildren;
  /** What can be done here, beside the title. */
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
}

let visited = false;

/** A screen with its heading, which takes the focus when the screen is come to, so that readers start there. */
export function Screen({ title, above, actions, children }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    document.title = `${title} · Countersign`;
  }, [title]);
  useLayoutEffect(() => {
    if (visited) heading.current?.focus({ preventScroll: true });
    visited = true;
  }, []);
  return (
    <>
      {above === undefined ? null : <div class="above">{above}</div>}
      <div class="screen-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions === undefined ? null : <div class="actions">{actions}</div>}
      </div>
      {children}
    </>
  );
}

interface LoadedProps<D> {
  readonly resource: Resource<D>;
  readonly children: (data: D) => ComponentChildren;
}

/** The data of a resource when there is some, and otherwise why there is none. Old data stays when the newest fails. */
export function Loaded<D>({ resource: { data, failure, loading, reload }, children }: LoadedProps<D>) {
  return (
    <>
      <FailureNotice failure={failure} retry={reload} />
      {data === undefined ? loading ? <Loading /> : null : children(data)}
    </>
  );
}

export const Loading = () => (
  <p class="loading quiet" role="presentation">
    {T.loading}
  </p>
);

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="empty">
    <p class="empty-title">{title}</p>
    {children}
  </div>
);
