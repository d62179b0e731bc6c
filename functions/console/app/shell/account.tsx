import { useRef } from 'preact/hooks';
import { useAct } from '../api/use-act.ts';
import { part } from '../session/place.ts';
import { type SignedIn, signOut } from '../session/session.ts';
import { T } from '../texts.ts';
import { FailureNotice } from '../ui/notice.tsx';

/** Who is signed in, and the ways out. */
export function Account({ person }: { person: SignedIn }) {
  const details = useRef<HTMLDetailsElement>(null);
  const leave = useAct((_key, everywhere: boolean) => signOut(everywhere));
  const name = person.email ?? person.uid;
  const close = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || details.current?.open !== true) return;
    details.current.open = false;
    details.current.querySelector('summary')?.focus();
  };
  return (
    <details class="account" ref={details} onKeyDown={close}>
      <summary aria-label={`${T.shell.account}: ${name}`}>{name.split('@')[0]}</summary>
      <div>
        <p>
          {T.shell.signedInAs(name)}
          <br />
          <span class="quiet">{part.value === undefined ? null : T.shell.roles[part.value]}</span>
        </p>
        <a href="/api/docs">{T.shell.apiDocs}</a>
        <FailureNotice failure={leave.failure} act />
        <button type="button" onClick={() => void leave.perform(false)}>
          {T.shell.signOut}
        </button>
        <button type="button" onClick={() => void leave.perform(true)}>
          {T.shell.signOutEverywhere}
        </button>
        <p class="hint">{T.shell.everywhereHint}</p>
      </div>
    </details>
  );
}
