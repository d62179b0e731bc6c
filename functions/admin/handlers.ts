import * as contract from '#shared/contract/admin.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind, invalid } from '#shared/http/validate.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { LicenseFields } from '#shared/model/license.ts';
import { formatTime } from '#shared/model/time.ts';
import type { createLicenses } from './licenses.ts';
import { scopeOf } from './scope.ts';

export interface AdminDomain {
  readonly licenses: ReturnType<typeof createLicenses>;
  readonly clock: Clock;
}

export const adminRoutes = ({ licenses, clock }: AdminDomain): BoundRoute[] => [
  bind(contract.createLicense, async ({ body, principal }) => {
    const expiresAt = Date.parse(body.expires_at);
    if (expiresAt <= clock.now()) throw invalid([{ path: 'expires_at', message: 'is in the past' }]);
    const { license, licenseId, licenseKey } = await licenses.create({
      tenantId: scopeOf(principal).tenantFor(body.tenant_id),
      tier: body.tier,
      maxSeats: body.max_seats,
      expiresAt,
      features: body.features,
      leaseSeconds: body.lease_seconds,
      offlineSeconds: body.offline_seconds,
    });
    return { status: 201, body: { ...describe(licenseId, license), license_key: licenseKey } };
  }),

  bind(contract.getLicense, async ({ params, principal }) => {
    const license = await licenses.get(scopeOf(principal), params.license_id);
    return { status: 200, body: describe(license.id, license) };
  }),

  bind(contract.changeLicense, async ({ params, body, principal }) => {
    const expiresAt = body.expires_at === undefined ? undefined : Date.parse(body.expires_at);
    const license = await licenses.change(scopeOf(principal), params.license_id, { ...body, expires_at: expiresAt });
    return { status: 200, body: describe(license.id, license) };
  }),

  bind(contract.getUsage, async ({ params, principal }) => {
    const { seatsUsed, seatsTotal } = await licenses.usage(scopeOf(principal), params.license_id);
    return {
      status: 200,
      body: { seats_used: seatsUsed, seats_total: seatsTotal, utilization: seatsUsed / seatsTotal },
    };
  }),
];

const describe = (licenseId: string, license: LicenseFields) => ({
  license_id: licenseId,
  tenant_id: license.tenant_id,
  tier: license.tier,
  features: license.features,
  status: license.status,
  max_seats: license.max_seats,
  expires_at: formatTime(license.expires_at),
  lease_seconds: license.lease_seconds,
  offline_seconds: license.offline_seconds,
  created_at: formatTime(license.created_at),
});
