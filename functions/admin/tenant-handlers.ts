import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import { getMe, type me } from '#shared/contract/members.ts';
import * as contract from '#shared/contract/tenants.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import { nothingElse } from '#shared/model/every-member.ts';
import type { TenantFields } from '#shared/model/tenant.ts';
import { listResponse } from './list-response.ts';
import { type ListScope, scopeOf } from './scope.ts';
import type { createDeleteTenant } from './tenant-deletion.ts';
import type { createTenants } from './tenants.ts';

export interface TenantDomain {
  readonly tenants: ReturnType<typeof createTenants>;
  readonly deleteTenant: ReturnType<typeof createDeleteTenant>;
  readonly runOnce: RunOnce;
}

export const tenantRoutes = ({ tenants, deleteTenant, runOnce }: TenantDomain): BoundRoute[] => [
  bind(contract.createTenant, async (input) => {
    const describe = describeFor(scopeOf(input.principal));
    const respond = (tenant: Parameters<typeof describe>[0]) => ({ status: 201, body: describe(tenant) });
    return runOnce(input, contract.createTenant, respond, (once) => tenants.create(input.body, actorOf(input), once));
  }),

  bind(contract.listTenants, async ({ query, principal }) => {
    const scope = scopeOf(principal);
    return listResponse(contract.listTenants, { query }, await tenants.list(scope, query, query), describeFor(scope));
  }),

  bind(contract.getTenant, async ({ params, principal }) => {
    const scope = scopeOf(principal);
    return { status: 200, body: describeFor(scope)(await tenants.get(scope, params.tenant_id)) };
  }),

  bind(contract.changeTenant, async (input) => {
    const scope = scopeOf(input.principal);
    const tenant = await tenants.change(scope, input.params.tenant_id, input.body, actorOf(input));
    return { status: 200, body: describeFor(scope)(tenant) };
  }),

  bind(contract.deleteTenant, async (input) => {
    await deleteTenant(scopeOf(input.principal), input.params.tenant_id, actorOf(input));
    return { status: 204 };
  }),

  bind(getMe, async ({ principal }) => {
    if (principal.kind !== 'user') throw new Fault('forbidden', 'Only people belong to tenants.');
    const { uid, email = null, emailVerified, staff } = principal;
    const body: z.output<typeof me> = {
      uid,
      email,
      email_verified: emailVerified,
      staff,
      tenants: await tenants.rolesOf(principal.tenants),
    };
    return { status: 200, body };
  }),
];

const describeFor =
  (scope: ListScope) =>
  (document: TenantFields & { readonly id: string }): z.output<typeof contract.tenant> => {
    const { id, created_at, owners: _owners, members: _members, ...rest } = document;
    const { name, tier, seat_limit, seats_allotted, ...vendors } = rest;
    const { reference, metadata, stripe_customer_id, stripe_subscription_id, ...forgotten } = vendors;
    nothingElse(forgotten);
    return {
      tenant_id: id,
      name,
      tier,
      seat_limit,
      seats_allotted,
      created_at: formatTime(created_at),
      ...(scope.seesBilling(id) ? { reference, metadata, stripe_customer_id, stripe_subscription_id } : {}),
    };
  };
