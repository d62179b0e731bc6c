import { T } from '../../texts.ts';
import { Screen } from '../../ui/screen.tsx';
import { AcceptInvitation } from '../sign-in/accept-invitation.tsx';

/** For somebody who belongs to a customer already and is invited by another. */
export const InvitationScreen = () => (
  <Screen title={T.invitation.title}>
    <div class="panel wide-form">
      <AcceptInvitation />
    </div>
  </Screen>
);
