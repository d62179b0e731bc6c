import type { ComponentChildren } from 'preact';

/** A state in a word; the colour only repeats it. */
export const Badge = ({ kind, children }: { kind: 'good' | 'warn' | 'bad' | 'plain'; children: ComponentChildren }) => (
  <span class={`badge ${kind}`}>{children}</span>
);
