import { endSession } from '../../api/licenses.ts';
import { failureOf } from '../../api/request-error.ts';
import type { Session } from '../../api/types.ts';
import { getUsage } from '../../api/usage.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { isVendor } from '../../session/rights.ts';
import { duration, T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { localDate } from '../../ui/local-time.ts';
import { Loaded } from '../../ui/screen.tsx';
import type { HeldLicense } from './held-license.ts';
import { nameOf } from './holder-name.ts';
import { recallsLeft } from './recalls-left.ts';

interface TakeBackProps {
  readonly session: Session;
  readonly license: HeldLicense;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const text = T.holders;

/** Ends one session. One that has ended meanwhile has done what was wanted. */
export function TakeBack({ session, license, onDone, onClose }: TakeBackProps) {
  const who = nameOf(session);
  const borrowedUntil = session.borrowed_until;
  const limited = borrowedUntil !== undefined && !isVendor();
  const recalls = useResource(
    limited ? `recalls of ${license.license_id}` : undefined,
    async (signal) => (await getUsage(license.license_id, { resolution: 'hour' }, signal)).recalls,
  );
  const act = useAct(async (_key, handle: string) => {
    try {
      await endSession(handle, borrowedUntil !== undefined);
      announce(text.takenBack(who));
    } catch (error) {
      const { code } = failureOf(error);
      if (code !== 'session_ended' && code !== 'session_not_found') throw error;
      announce(text.goneMeanwhile);
    }
    onDone();
  });
  return (
    <Confirm
      title={borrowedUntil === undefined ? text.takeBackTitle : text.recallTitle}
      action={borrowedUntil === undefined ? text.takeBack : text.recall}
      pending={act.pending}
      failure={act.failure}
      disabled={limited && recalls.data?.left === 0}
      onConfirm={() => void act.perform(session.session)}
      onClose={onClose}
    >
      {borrowedUntil === undefined ? (
        <p>{text.takeBackText(who)}</p>
      ) : (
        <p>{text.recallText(who, localDate(borrowedUntil))}</p>
      )}
      {borrowedUntil === undefined ? null : limited ? (
        <Loaded resource={recalls}>
          {(left) =>
            left === null ? null : (
              <p>
                <strong>{recallsLeft(left)}</strong>
              </p>
            )
          }
        </Loaded>
      ) : (
        <p>{text.recallsVendor}</p>
      )}
      {borrowedUntil === undefined && license.offline_seconds ? (
        <p class="quiet">{text.keepsCopy(duration(license.offline_seconds))}</p>
      ) : null}
    </Confirm>
  );
}
