import { useState } from 'preact/hooks';
import { useAct } from '../../api/use-act.ts';
import { accept, post } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { errorAt, SelectField, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

export interface Factor {
  readonly id: string;
  readonly name: string | null;
}

export function SecondFactorForm({ factors }: { factors: readonly Factor[] }) {
  const [code, setCode] = useState('');
  const [factor, setFactor] = useState(factors[0]?.id ?? '');
  const act = useAct(async (_key, body: object) => accept(await post('sign-in/second-factor', body)));
  const wrong = act.failure?.status === 401 || act.failure?.status === 403 ? T.signIn.factorWrong : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act.perform({ code, ...(factor === '' ? {} : { factor }) });
      }}
    >
      {factors.length > 1 ? (
        <SelectField
          label={T.signIn.factor}
          value={factor}
          onValue={setFactor}
          options={factors.map(({ id, name }) => [id, name ?? id] as const)}
        />
      ) : null}
      <TextField
        label={T.signIn.factor}
        inputMode="numeric"
        autocomplete="one-time-code"
        required
        value={code}
        onValue={setCode}
        error={wrong ?? errorAt(act.failure, 'code')}
      />
      {wrong === undefined ? <FailureNotice failure={act.failure} /> : null}
      <button type="submit" class="primary">
        {act.pending ? T.working : T.signIn.factorSubmit}
      </button>
    </form>
  );
}
