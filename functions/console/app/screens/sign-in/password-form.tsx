import { useState } from 'preact/hooks';
import { useAct } from '../../api/use-act.ts';
import { accept, post } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { errorAt, TextField } from '../../ui/field.tsx';
import { FailureNotice, Notice } from '../../ui/notice.tsx';

interface PasswordFormProps {
  readonly path: 'sign-in/password' | 'sign-up';
  readonly submit: string;
  /** For a new account. */
  readonly fresh?: boolean;
  readonly email?: string;
}

export function PasswordForm({ path, submit, fresh = false, email: known = '' }: PasswordFormProps) {
  const [email, setEmail] = useState(known);
  const [password, setPassword] = useState('');
  const act = useAct(async (_key, body: { email: string; password: string }) => accept(await post(path, body)));
  const wrong = act.failure?.status === 401 || act.failure?.status === 403;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act.perform({ email: email.trim(), password });
      }}
    >
      <TextField
        label={T.signIn.email}
        type="email"
        autocomplete="username"
        required
        value={email}
        onValue={setEmail}
        error={errorAt(act.failure, 'email')}
      />
      <TextField
        label={T.signIn.password}
        type="password"
        autocomplete={fresh ? 'new-password' : 'current-password'}
        required
        {...(fresh ? { minLength: 12, hint: T.signIn.signUpHint } : {})}
        value={password}
        onValue={setPassword}
        error={errorAt(act.failure, 'password')}
      />
      {wrong ? (
        <div role="alert">
          <Notice kind="warn">{act.failure?.detail ?? T.signIn.wrong}</Notice>
        </div>
      ) : (
        <FailureNotice failure={act.failure} />
      )}
      <button type="submit" class="primary" aria-disabled={act.pending}>
        {act.pending ? T.working : submit}
      </button>
    </form>
  );
}
