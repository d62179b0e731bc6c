import { T } from '../../texts.ts';
import { AcceptInvitation } from './accept-invitation.tsx';

export function NoTenant() {
  document.title = `${T.signIn.noTenant} · Countersign`;
  return (
    <main class="card stack">
      <h1>{T.signIn.noTenant}</h1>
      <p>{T.signIn.noTenantText}</p>
      <AcceptInvitation />
    </main>
  );
}
