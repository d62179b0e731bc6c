import type { License } from '../../api/types.ts';
import { T } from '../../texts.ts';
import { Badge } from '../../ui/badge.tsx';

export const hasEnded = ({ expires_at }: Pick<License, 'expires_at'>): boolean =>
  expires_at !== null && Date.parse(expires_at) <= Date.now();

export function LicenseStatus({ license }: { license: Pick<License, 'status' | 'expires_at'> }) {
  const { statuses } = T.licenses;
  switch (license.status) {
    case 'archived':
      return <Badge kind="plain">{statuses.archived}</Badge>;
    case 'suspended':
      return <Badge kind="bad">{statuses.suspended}</Badge>;
    case 'active':
      return hasEnded(license) ? (
        <Badge kind="warn">{statuses.expired}</Badge>
      ) : (
        <Badge kind="good">{statuses.active}</Badge>
      );
    default:
      return license.status satisfies never;
  }
}
