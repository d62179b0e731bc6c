import { useState } from 'preact/hooks';
import { useAct } from '../../api/use-act.ts';
import { accept, post, signOut } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { errorAt, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

interface Enrollment {
  readonly secret: string;
  readonly uri: string;
  readonly enrollment: string;
}

/** Staff without a second factor can do nothing but add one. */
export function NeedsFactor() {
  const [enrollment, setEnrollment] = useState<Enrollment>();
  const [code, setCode] = useState('');
  const start = useAct(async () => setEnrollment((await post('second-factor')) as Enrollment));
  const finish = useAct(async (_key, body: object) => accept(await post('second-factor/code', body)));
  return (
    <main class="card stack">
      <h1>{T.signIn.needFactor}</h1>
      <p>{T.signIn.needFactorText}</p>
      {enrollment === undefined ? (
        <>
          <FailureNotice failure={start.failure} />
          <button type="button" class="primary" onClick={() => void start.perform()}>
            {start.pending ? T.working : T.signIn.begin}
          </button>
        </>
      ) : (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void finish.perform({ enrollment: enrollment.enrollment, code });
          }}
        >
          <div class="secret">
            <code>{enrollment.secret}</code>
            <CopyButton text={enrollment.secret} what={T.signIn.secret.toLowerCase()} />
          </div>
          <TextField
            label={T.signIn.factor}
            inputMode="numeric"
            autocomplete="one-time-code"
            required
            value={code}
            onValue={setCode}
            error={errorAt(finish.failure, 'code')}
          />
          <FailureNotice failure={finish.failure} />
          <button type="submit" class="primary">
            {finish.pending ? T.working : T.signIn.enrolSubmit}
          </button>
        </form>
      )}
      <button type="button" class="link" onClick={() => void signOut(false)}>
        {T.shell.signOut}
      </button>
    </main>
  );
}

export function NeedsVerification({ email }: { email: string }) {
  const again = useAct(async () => {
    await post('verify-email');
    announce(T.signIn.sentAgain);
  });
  return (
    <main class="card stack">
      <h1>{T.signIn.needVerified}</h1>
      <p>{T.signIn.needVerifiedText(email)}</p>
      <FailureNotice failure={again.failure} />
      <button type="button" onClick={() => void again.perform()}>
        {T.signIn.sendAgain}
      </button>
      <button type="button" class="link" onClick={() => void signOut(false)}>
        {T.shell.signOut}
      </button>
    </main>
  );
}
