import { useEffect, useState } from 'preact/hooks';
import { T } from '../texts.ts';
import { CopyButton } from './copy-button.tsx';
import { Dialog } from './dialog.tsx';
import { Check } from './field.tsx';

interface ShownOnceProps {
  readonly title: string;
  readonly lead: string;
  readonly secret: string;
  /** In a sentence: `licence key`. */
  readonly what: string;
  readonly onDone: () => void;
}

/** A secret that no later answer contains. It is left only by saying that it is saved. */
export function ShownOnce({ title, lead, secret, what, onDone }: ShownOnceProps) {
  const [saved, setSaved] = useState(false);
  useEffect(() => {
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', warn);
    return () => removeEventListener('beforeunload', warn);
  }, []);
  return (
    <Dialog title={title} wide>
      <div class="stack">
        <p>{lead}</p>
        <div class="secret">
          <code>{secret}</code>
          <CopyButton text={secret} what={what} />
        </div>
        <Check label={T.once.saved} checked={saved} onChecked={setSaved} />
        <div class="actions">
          <button type="button" class="primary" disabled={!saved} onClick={onDone}>
            {T.once.done}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
