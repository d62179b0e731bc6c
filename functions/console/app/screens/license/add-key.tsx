import { useState } from 'preact/hooks';
import { createKey } from '../../api/licenses.ts';
import type { CreatedKey, License } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { duration, T } from '../../texts.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { Check, errorAt, SelectField, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { CameWith } from './came-with.tsx';

interface AddKeyProps {
  readonly license: License;
  /** Ids of the keys that there are. */
  readonly others: readonly string[];
  readonly onMade: (key: CreatedKey) => void;
  readonly onClose: () => void;
}

const text = T.keys;
const DAY = 86_400;
/** Seconds for which older keys work on. */
const GRACES = [0, 3_600, DAY, 7 * DAY, 30 * DAY, 90 * DAY];

/** A further key, or one in place of the others: what happens to those is asked, not assumed. */
export function AddKey({ license, others: keys, onMade, onClose }: AddKeyProps) {
  const [label, setLabel] = useState('');
  const [others, setOthers] = useState<'keep' | 'end'>('keep');
  const [grace, setGrace] = useState(String(7 * DAY));
  const [endSessions, setEndSessions] = useState(false);
  const [user, setUser] = useState('');
  const [priority, setPriority] = useState('5');
  // The key of a user replaces no other.
  const rotates = others === 'end' && user.trim() === '';
  const act = useAct(async (key, body: object) => onMade(await createKey(key, license.license_id, body)));
  const choice = (value: 'keep' | 'end', words: string) => (
    <label class="check">
      <input type="radio" name="others" checked={others === value} onChange={() => setOthers(value)} />
      <span>{words}</span>
    </label>
  );
  return (
    <Dialog title={text.add} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const rest = rotates ? { grace_seconds: Number(grace), end_sessions: endSessions } : { keep: true };
          void act.perform({
            label: label.trim() || null,
            ...(user.trim() === '' ? {} : { user_email: user.trim() }),
            ...(license.queue === null ? {} : { priority: Number(priority) }),
            ...rest,
          });
        }}
      >
        <TextField
          label={text.label}
          hint={text.labelHint}
          maxLength={200}
          value={label}
          onValue={setLabel}
          error={errorAt(act.failure, 'label')}
        />
        {license.lease_per === 'user' ? (
          <TextField
            label={text.user}
            hint={text.userHint}
            type="email"
            value={user}
            onValue={setUser}
            error={errorAt(act.failure, 'user_email')}
          />
        ) : null}
        {license.queue === null ? null : (
          <SelectField
            label={text.priority}
            value={priority}
            onValue={setPriority}
            options={Object.entries(text.priorities).reverse()}
            error={errorAt(act.failure, 'priority')}
          />
        )}
        {user.trim() === '' ? (
          <fieldset>
            <legend>{text.others}</legend>
            {choice('keep', text.keep)}
            {choice('end', text.rotate)}
          </fieldset>
        ) : null}
        {rotates ? (
          <>
            <SelectField
              label={text.grace}
              value={grace}
              onValue={setGrace}
              options={GRACES.map(
                (seconds) => [String(seconds), seconds === 0 ? text.atOnce : duration(seconds)] as const,
              )}
              error={errorAt(act.failure, 'grace_seconds')}
            />
            <Check label={text.endSessions} checked={endSessions} onChecked={setEndSessions} />
            <CameWith license={license} keys={keys} words={text.cameOthers} ends={endSessions} />
          </>
        ) : null}
        <FailureNotice failure={act.failure} act />
        <div class="actions">
          <button type="submit" class="primary" aria-disabled={act.pending}>
            {act.pending ? T.working : text.make}
          </button>
          <button type="button" onClick={onClose}>
            {T.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
