import { removeNamedUser } from '../../../api/licenses.ts';
import type { License, Session } from '../../../api/types.ts';
import { useAct } from '../../../api/use-act.ts';
import { duration, T } from '../../../texts.ts';
import { Confirm } from '../../../ui/confirm.tsx';
import { localDate } from '../../../ui/local-time.ts';

interface RemoveUserProps {
  readonly license: License;
  readonly email: string;
  /** The seat that the user has now. */
  readonly session: Session | undefined;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const text = T.users;

/** Says what ends before it ends. A borrowed seat has to be recalled first: the API takes it from nobody. */
export function RemoveUser({ license, email, session, onDone, onClose }: RemoveUserProps) {
  const act = useAct(async () => {
    await removeNamedUser(license.license_id, email);
    onDone();
  });
  const borrowed = session?.borrowed_until;
  return (
    <Confirm
      title={text.removeTitle(email)}
      action={T.members.remove}
      pending={act.pending}
      failure={act.failure}
      disabled={borrowed !== undefined}
      onConfirm={() => void act.perform()}
      onClose={onClose}
    >
      {session === undefined ? (
        <p>{text.removeIdle}</p>
      ) : borrowed === undefined ? (
        <p>{text.removeHolding(session.hostname ?? session.machine)}</p>
      ) : (
        <p>{text.removeBorrowed(localDate(borrowed))}</p>
      )}
      {session !== undefined && borrowed === undefined && license.offline_seconds > 0 ? (
        <p class="quiet">{T.holders.keepsCopy(duration(license.offline_seconds))}</p>
      ) : null}
    </Confirm>
  );
}
