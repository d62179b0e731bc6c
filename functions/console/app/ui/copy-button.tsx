import { T } from '../texts.ts';
import { announce } from './announce.tsx';

/** Copies a text; where the browser does not let it, the text is selected for the person to copy. */
export function CopyButton({ text, what, short = false }: { text: string; what: string; short?: boolean }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce(T.copy.done(what));
    } catch {
      announce(T.copy.byHand(what));
    }
  };
  return (
    <button type="button" class={short ? 'small' : undefined} onClick={copy} aria-label={T.copy.label(what)}>
      {T.copy.button}
    </button>
  );
}
