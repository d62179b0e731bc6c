import { useState } from 'preact/hooks';
import { useAct } from '../../api/use-act.ts';
import { post } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { errorAt, TextField } from '../../ui/field.tsx';
import { FailureNotice, Notice } from '../../ui/notice.tsx';

export function ResetForm() {
  const [email, setEmail] = useState('');
  const [done, setDone] = useState(false);
  const act = useAct(async (_key, address: string) => {
    await post('password-reset', { email: address });
    setDone(true);
  });
  if (done) {
    return (
      <div role="status">
        <Notice kind="good">{T.signIn.resetDone}</Notice>
      </div>
    );
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act.perform(email.trim());
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
      <FailureNotice failure={act.failure} />
      <button type="submit" class="primary">
        {act.pending ? T.working : T.signIn.resetSubmit}
      </button>
    </form>
  );
}
