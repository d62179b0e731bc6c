import { useState } from 'preact/hooks';
import { putNamedUser } from '../../../api/licenses.ts';
import { failureOf } from '../../../api/request-error.ts';
import { useAct } from '../../../api/use-act.ts';
import { T } from '../../../texts.ts';
import { Dialog } from '../../../ui/dialog.tsx';
import { TextArea } from '../../../ui/field.tsx';
import { FailureNotice } from '../../../ui/notice.tsx';
import { addressesIn } from './addresses.ts';

interface AddUsersProps {
  readonly licenseId: string;
  readonly onAdded: (count: number) => void;
  /** Some are added, and the dialog stays open for the others. */
  readonly onSome: () => void;
  readonly onClose: () => void;
}

const text = T.users;

/** Adds the addresses that are typed or pasted. Those that cannot be added stay in the field. */
export function AddUsers({ licenseId, onAdded, onSome, onClose }: AddUsersProps) {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState<string>();
  const act = useAct(async (_key, ...emails: readonly string[]) => {
    const refused: string[] = [];
    let left = emails;
    try {
      for (const email of emails) {
        await putNamedUser(licenseId, email).catch((error: unknown) => {
          // What is no address names nothing, as any identifier that cannot be parsed.
          if (failureOf(error).code !== 'not_found') throw error;
          refused.push(email);
        });
        left = left.slice(1);
      }
    } finally {
      // Adding is repeatable, so what was added before a failure need not be sent again.
      setTyped([...refused, ...left].join('\n'));
      if (left.length + refused.length < emails.length) onSome();
    }
    if (refused.length === 0) onAdded(emails.length);
    else setWrong(text.noAddress(refused));
  });
  const emails = addressesIn(typed);
  return (
    <Dialog title={text.add} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setWrong(undefined);
          if (emails.length > 0) void act.perform(...emails);
        }}
      >
        <TextArea label={text.addresses} hint={text.addressesHint} value={typed} onValue={setTyped} error={wrong} />
        <FailureNotice failure={act.failure} act />
        <div class="actions">
          <button type="submit" class="primary" disabled={emails.length === 0} aria-disabled={act.pending}>
            {act.pending ? T.working : text.addAction(emails.length)}
          </button>
          <button type="button" onClick={onClose}>
            {T.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
