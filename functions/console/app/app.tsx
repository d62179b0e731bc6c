import lazy, { ErrorBoundary } from 'preact-iso/lazy';
import { LocationProvider, Route, Router } from 'preact-iso/router';
import { NotFound } from './screens/not-found.tsx';
import { OverviewScreen } from './screens/overview/overview-screen.tsx';
import { Interrupted } from './screens/sign-in/interrupted.tsx';
import { SignIn } from './screens/sign-in/sign-in.tsx';
import { Unreachable } from './screens/sign-in/unreachable.tsx';
import { part } from './session/place.ts';
import { may } from './session/rights.ts';
import { interrupted, session } from './session/session.ts';
import { Frame } from './shell/frame.tsx';
import { Status } from './ui/announce.tsx';
import { Loading } from './ui/screen.tsx';

/** Screens that are not the first one are fetched when they are opened. */
const LicensesScreen = lazy(() => import('./screens/licenses/licenses-screen.tsx').then((m) => m.LicensesScreen));
const LicenseScreen = lazy(() => import('./screens/license/license-screen.tsx').then((m) => m.LicenseScreen));
const NewLicenseScreen = lazy(() =>
  import('./screens/license-form/new-license-screen.tsx').then((m) => m.NewLicenseScreen),
);
const NoTenant = lazy(() => import('./screens/sign-in/no-tenant.tsx').then((m) => m.NoTenant));
const NeedsFactor = lazy(() => import('./screens/sign-in/strong-sign-in.tsx').then((m) => m.NeedsFactor));
const NeedsVerification = lazy(() => import('./screens/sign-in/strong-sign-in.tsx').then((m) => m.NeedsVerification));
const TenantsScreen = lazy(() => import('./screens/tenants/tenants-screen.tsx').then((m) => m.TenantsScreen));
const TenantScreen = lazy(() => import('./screens/tenants/tenant-screen.tsx').then((m) => m.TenantScreen));
const MembersScreen = lazy(() => import('./screens/members/members-screen.tsx').then((m) => m.MembersScreen));
const AuditScreen = lazy(() => import('./screens/audit/audit-screen.tsx').then((m) => m.AuditScreen));
const SigningKeysScreen = lazy(() =>
  import('./screens/signing-keys/signing-keys-screen.tsx').then((m) => m.SigningKeysScreen),
);
const EventsScreen = lazy(() => import('./screens/events/events-screen.tsx').then((m) => m.EventsScreen));
const HealthScreen = lazy(() => import('./screens/health/health-screen.tsx').then((m) => m.HealthScreen));
const WebhooksScreen = lazy(() => import('./screens/webhooks/webhooks-screen.tsx').then((m) => m.WebhooksScreen));
const WebhookScreen = lazy(() => import('./screens/webhooks/webhook-screen.tsx').then((m) => m.WebhookScreen));
const MySeatsScreen = lazy(() => import('./screens/my-seats/my-seats-screen.tsx').then((m) => m.MySeatsScreen));
const InvitationScreen = lazy(() => import('./screens/members/invitation-screen.tsx').then((m) => m.InvitationScreen));

/** Links to these leave the page: the server answers them with a redirect. */
const SCOPE = /^\/console(?!\/(sign-in|callback)\b)/;

export function App() {
  return (
    <LocationProvider scope={SCOPE}>
      <ErrorBoundary>
        <Content />
      </ErrorBoundary>
      <Status />
    </LocationProvider>
  );
}

function Content() {
  const person = session.value;
  switch (person.state) {
    case 'starting':
      return <Loading />;
    case 'unreachable':
      return <Unreachable />;
    case 'signed_out':
    case 'second_factor':
      return <SignIn session={person} />;
    case 'signed_in':
      break;
    default:
      return person satisfies never;
  }
  if (!person.email_verified && (person.staff || part.value === undefined))
    return <NeedsVerification email={person.email ?? ''} />;
  if (person.staff && !person.second_factor) return <NeedsFactor />;
  if (part.value === undefined) return <NoTenant />;
  return (
    <Frame person={person}>
      <Screens />
      {interrupted.value ? <Interrupted person={person} /> : null}
    </Frame>
  );
}

const Screens = () => (
  <ErrorBoundary>
    <Router>
      <Route path="/console" component={OverviewScreen} />
      <Route path="/console/tenants" component={may('createTenant') ? TenantsScreen : NotFound} />
      <Route path="/console/tenants/:id" component={may('createTenant') ? TenantScreen : NotFound} />
      <Route path="/console/licenses" component={LicensesScreen} />
      <Route path="/console/licenses/new" component={may('createLicense') ? NewLicenseScreen : NotFound} />
      <Route path="/console/licenses/:id/:part?" component={LicenseScreen} />
      <Route path="/console/members" component={may('listMembers') ? MembersScreen : NotFound} />
      <Route path="/console/audit" component={may('listAudit') ? AuditScreen : NotFound} />
      <Route path="/console/webhooks" component={may('listWebhooks') ? WebhooksScreen : NotFound} />
      <Route path="/console/webhooks/:id" component={may('listWebhooks') ? WebhookScreen : NotFound} />
      <Route path="/console/events" component={may('listEvents') ? EventsScreen : NotFound} />
      <Route path="/console/signing-keys" component={SigningKeysScreen} />
      <Route path="/console/health" component={may('getHealth') ? HealthScreen : NotFound} />
      <Route path="/console/my-seats" component={MySeatsScreen} />
      <Route path="/console/invitation" component={InvitationScreen} />
      <Route default component={NotFound} />
    </Router>
  </ErrorBoundary>
);
