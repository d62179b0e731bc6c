import { useState } from 'preact/hooks';
import { request } from '../../api/request.ts';
import { useAct } from '../../api/use-act.ts';
import { chooseTenant } from '../../session/place.ts';
import { begin } from '../../session/session.ts';
import { replaceAddress } from '../../session/way-back.ts';
import { T } from '../../texts.ts';
import { TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

/** An address that was cut or mangled on its way is shown as it is. */
function tokenInAddress(): string {
  const text = location.hash.slice(1);
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Takes the token of an invitation from the link's fragment, which no server has seen, or from the person. */
export function AcceptInvitation() {
  const [token, setToken] = useState(tokenInAddress);
  const act = useAct(async (_key, text: string) => {
    const { data } = await request<{ tenant_id: string }>('POST', '/api/v1/invitations/accept', {
      body: { token: text },
      tenant: null,
    });
    chooseTenant(data.tenant_id);
    await begin();
    replaceAddress('/console');
  });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void act.perform(token.trim());
      }}
    >
      <TextField label={T.invitation.token} required value={token} onValue={setToken} autocomplete="off" />
      <FailureNotice failure={act.failure} act />
      <button type="submit" class="primary">
        {act.pending ? T.working : T.invitation.accept}
      </button>
    </form>
  );
}
