import { type SignedIn, session } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { PasswordForm } from './password-form.tsx';
import { Providers } from './providers.tsx';

/** Above the screen that was in use when the session ended; it goes on where it was. */
export function Interrupted({ person }: { person: SignedIn }) {
  return (
    <Dialog title={T.signIn.interruptedTitle}>
      <div class="stack">
        <p>{T.signIn.interruptedLead}</p>
        <PasswordForm path="sign-in/password" submit={T.signIn.submit} email={person.email ?? ''} />
        <p class="divider quiet">{T.signIn.or}</p>
        <Providers />
        <button type="button" class="link" onClick={() => (session.value = { state: 'signed_out' })}>
          {T.shell.signOut}
        </button>
      </div>
    </Dialog>
  );
}
