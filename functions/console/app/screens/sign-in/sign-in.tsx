import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import type { Session } from '../../session/session.ts';
import { Mark } from '../../shell/frame.tsx';
import { T } from '../../texts.ts';
import { Notice } from '../../ui/notice.tsx';
import { PasswordForm } from './password-form.tsx';
import { Providers, waysToSignIn } from './providers.tsx';
import { ResetForm } from './reset-form.tsx';
import { SecondFactorForm } from './second-factor-form.tsx';

type Mode = 'sign-in' | 'sign-up' | 'reset';

const TITLES: Readonly<Record<Mode, string>> = {
  'sign-in': T.signIn.title,
  'sign-up': T.signIn.signUpTitle,
  reset: T.signIn.resetTitle,
};

/** For whoever is not signed in. The address stays: after the sign-in the screen that was asked for appears. */
export function SignIn({ session }: { session: Extract<Session, { state: 'signed_out' | 'second_factor' }> }) {
  const { query } = useLocation();
  const [mode, setMode] = useState<Mode>('sign-in');
  const second = session.state === 'second_factor';
  const title = second ? T.signIn.factorTitle : TITLES[mode];
  document.title = `${title} · Countersign`;
  return (
    <main class="card stack">
      <p class="brand">
        <Mark />
        {T.shell.brand}
      </p>
      <div>
        <h1>{title}</h1>
        {second || mode !== 'sign-in' ? null : <p class="quiet">{T.signIn.lead}</p>}
      </div>
      {query['sign_in'] === undefined ? null : (
        <Notice kind="warn">
          <p>
            <strong>{T.signIn.providerFailed}</strong> {T.signIn.providerFailedText}
          </p>
        </Notice>
      )}
      {second ? <SecondFactorForm factors={session.factors} /> : <Forms mode={mode} onMode={setMode} />}
    </main>
  );
}

function Forms({ mode, onMode }: { mode: Mode; onMode: (mode: Mode) => void }) {
  const change = (next: Mode, text: string) => (
    <button type="button" class="link" onClick={() => onMode(next)}>
      {text}
    </button>
  );
  if (mode === 'sign-in') {
    return (
      <>
        <Providers />
        {waysToSignIn().includes('password') ? (
          <>
            <p class="divider quiet">{T.signIn.or}</p>
            <PasswordForm path="sign-in/password" submit={T.signIn.submit} />
            <div class="row apart small">
              {change('reset', T.signIn.forgot)}
              {change('sign-up', T.signIn.create)}
            </div>
          </>
        ) : null}
      </>
    );
  }
  return (
    <>
      {mode === 'reset' ? <ResetForm /> : <PasswordForm path="sign-up" submit={T.signIn.signUpSubmit} fresh />}
      <div class="small">{change('sign-in', T.signIn.back)}</div>
    </>
  );
}
