import { removeMember } from '../../api/tenants.ts';
import type { Member } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { begin } from '../../session/session.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';

interface RemoveMemberProps {
  readonly tenantId: string;
  readonly member: Member;
  /** The person removes himself or herself. */
  readonly self: boolean;
  readonly onDone: () => void;
  readonly onClose: () => void;
}

const text = T.members;

export function RemoveMember({ tenantId, member, self, onDone, onClose }: RemoveMemberProps) {
  const who = member.email ?? member.uid;
  const act = useAct(async () => {
    await removeMember(tenantId, member.uid);
    announce(text.removed(who));
    if (self) await begin();
    onDone();
  });
  return (
    <Confirm
      title={text.removeTitle(who)}
      action={text.remove}
      pending={act.pending}
      failure={act.failure}
      onConfirm={() => void act.perform()}
      onClose={onClose}
    >
      <p>{self ? text.removeSelf : text.removeText}</p>
    </Confirm>
  );
}
