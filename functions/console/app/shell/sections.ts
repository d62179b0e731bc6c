import { may } from '../session/rights.ts';
import { T } from '../texts.ts';

export interface Section {
  readonly href: string;
  readonly text: string;
}

/** The sections that the person has something to see in. */
export function sections(): Section[] {
  const all: (Section | false)[] = [
    { href: '/console', text: T.nav.overview },
    may('createTenant') && { href: '/console/tenants', text: T.nav.tenants },
    { href: '/console/licenses', text: T.nav.licenses },
    !may('endSession') && { href: '/console/my-seats', text: T.nav.mySeats },
    may('listMembers') && { href: '/console/members', text: T.nav.members },
    may('listAudit') && { href: '/console/audit', text: T.nav.audit },
    may('listWebhooks') && { href: '/console/webhooks', text: T.nav.webhooks },
    { href: '/console/signing-keys', text: T.nav.signingKeys },
    may('getHealth') && { href: '/console/health', text: T.nav.health },
  ];
  return all.filter((one) => one !== false);
}
