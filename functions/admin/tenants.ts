import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Clock } from '#shared/model/clock.ts';
import { newTenantId, readTenant, type Tenant, type TenantFields, tenantFields } from '#shared/model/tenant.ts';
import type { DocumentReader, DocumentStore } from '#shared/store/store.ts';
import type { Actor } from './actor.ts';
import { exceeds, freeEnded, requireSeats } from './allotment.ts';
import { changesOf } from './changes.ts';
import type { AuditedChange, CommitAudited } from './commit-audited.ts';
import type { Once } from './once.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { adminPaths, isPlainId } from './paths.ts';
import { adminQueries } from './queries.ts';
import { type ListScope, type Scope, tenantNotFound } from './scope.ts';

export type NewTenant = Pick<
  TenantFields,
  'name' | 'tier' | 'seat_limit' | 'stripe_customer_id' | 'stripe_subscription_id'
>;

/** An undefined field stays unchanged. */
export type TenantChange = { readonly [Field in keyof NewTenant]?: NewTenant[Field] | undefined };

type CreatedTenant = TenantFields & { readonly id: string };

export interface TenantsOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly mutex: KeyedMutex;
}

/** The vendor's customers. */
export function createTenants({ store, clock, commitAudited, mutex }: TenantsOptions) {
  /** @throws Fault `not_found` for a tenant that does not exist or is outside the caller's scope */
  async function get(scope: Scope, tenantId: string): Promise<Tenant> {
    const tenant = await findTenant(store, tenantId);
    if (tenant === undefined || !scope.includes(tenant.id)) throw tenantNotFound();
    return tenant;
  }

  async function list(scope: ListScope, request: PageRequest): Promise<Page<Tenant>> {
    if (scope.own !== undefined) {
      const documents = await store.get(scope.own.map(adminPaths.tenant));
      return { items: documents.flatMap((document) => (document ? [readTenant(document)] : [])), next: undefined };
    }
    const { items, next } = await readPage(store, request, adminQueries.tenants);
    return { items: items.map(readTenant), next };
  }

  async function create(wanted: NewTenant, actor: Actor, once?: Once<CreatedTenant>): Promise<CreatedTenant> {
    const id = newTenantId();
    const fields = { ...wanted, seats_allotted: 0, owners: 0, created_at: clock.now() };
    const prepare = async (): Promise<AuditedChange<CreatedTenant>> => ({
      writes: [{ op: 'create', path: adminPaths.tenant(id), fields }],
      event: { action: 'tenant.create', tenantId: id, details: wanted },
      result: { id, ...fields },
    });
    return commitAudited(actor, prepare, once);
  }

  /** @throws Fault `not_found`, `seat_limit_exceeded` when its licences already have more seats */
  function change(scope: Scope, tenantId: string, wanted: TenantChange, actor: Actor): Promise<Tenant> {
    return mutex.runExclusive(tenantId, () =>
      commitAudited(actor, async () => {
        const tenant = await get(scope, tenantId);
        const { before, after: fields } = changesOf({ ...tenant }, { ...wanted });
        const result = { ...tenant, ...tenantFields.parse({ ...tenant, ...fields }) };
        if (Object.keys(fields).length === 0) return { writes: [], result };
        const isShort = exceeds(result, result.seats_allotted);
        const freed = isShort ? await freeEnded(store, tenant, clock.now()) : { seats: 0, writes: [] };
        const seats_allotted = result.seats_allotted - freed.seats;
        requireSeats(result, seats_allotted);
        const path = adminPaths.tenant(tenantId);
        return {
          writes: [
            { op: 'update', path, fields: { ...fields, seats_allotted }, lastUpdateTime: tenant.updateTime },
            ...freed.writes,
          ],
          event: { action: 'tenant.change', tenantId, details: { before, after: fields } },
          result: { ...result, seats_allotted },
        };
      }),
    );
  }

  return { get, list, create, change };
}

async function findTenant(store: Pick<DocumentReader, 'get'>, tenantId: string): Promise<Tenant | undefined> {
  const [document] = isPlainId(tenantId) ? await store.get([adminPaths.tenant(tenantId)]) : [];
  return document && readTenant(document);
}
