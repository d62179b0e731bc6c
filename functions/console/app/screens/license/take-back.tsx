import { endSession } from '../../api/licenses.ts';
import { failureOf } from '../../api/request-error.ts';
import type { License, Session } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { duration, T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { nameOf } from './holder-name.ts';

interface TakeBackProps {
  readonly session: Session;
  readonly license: License;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const text = T.holders;

/** Ends one session. One that has ended meanwhile has done what was wanted. */
export function TakeBack({ session, license, onDone, onClose }: TakeBackProps) {
  const who = nameOf(session);
  const act = useAct(async (_key, handle: string) => {
    try {
      await endSession(handle);
      announce(text.takenBack(who));
    } catch (error) {
      const { code } = failureOf(error);
      if (code !== 'session_ended' && code !== 'session_not_found') throw error;
      announce(text.gone);
    }
    onDone();
  });
  return (
    <Confirm
      title={text.takeBackTitle}
      action={text.takeBack}
      pending={act.pending}
      failure={act.failure}
      onConfirm={() => void act.perform(session.session)}
      onClose={onClose}
    >
      <p>{text.takeBackText(who)}</p>
      {license.offline_seconds > 0 ? <p class="quiet">{text.keepsCopy(duration(license.offline_seconds))}</p> : null}
    </Confirm>
  );
}
