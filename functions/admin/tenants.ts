import type { Actor } from '#shared/audit/actor.ts';
import { changesOf } from '#shared/audit/changes.ts';
import type { AuditedChange, CommitAudited } from '#shared/audit/commit-audited.ts';
import type { KeyedMutex } from '#shared/concurrency/keyed-mutex.ts';
import type { Once } from '#shared/idempotency/once.ts';
import { exceeds, freeEnded, requireSeats } from '#shared/licenses/allotment.ts';
import type { Clock } from '#shared/model/clock.ts';
import type { EveryMember } from '#shared/model/every-member.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import type { Role } from '#shared/model/principal.ts';
import { newTenantId, readTenant, type Tenant, type TenantFields, tenantDocument } from '#shared/model/tenant.ts';
import type { DocumentReader, DocumentStore, Fields, Write } from '#shared/store/store.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import { adminPaths } from './paths.ts';
import { adminQueries } from './queries.ts';
import { type ListScope, type Scope, tenantNotFound } from './scope.ts';

/** What the vendor sets of a tenant. */
export type NewTenant = Omit<TenantFields, 'seats_allotted' | 'owners' | 'members' | 'created_at'>;

/** An undefined field stays unchanged. */
export type TenantChange = { readonly [Field in keyof NewTenant]?: NewTenant[Field] | undefined };

export interface TenantFilter {
  /** The beginning of a name, reference or id, in any letter case. */
  readonly q?: string | undefined;
  readonly reference?: string | undefined;
}

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

  async function list(scope: ListScope, { q, reference }: TenantFilter, request: PageRequest): Promise<Page<Tenant>> {
    const matches = (tenant: Tenant) => q === undefined || beginsWith(tenant, q);
    if (scope.own !== undefined) {
      const documents = await store.get(scope.own.map(adminPaths.tenant));
      const own = documents.flatMap((document) => (document ? [readTenant(document)] : []));
      const named = own.filter((tenant) => reference === undefined || tenant.reference === reference);
      return { items: named.filter(matches), next: undefined };
    }
    return readMatching(store, request, (range) => adminQueries.tenants({ reference }, range), {
      read: readTenant,
      matches,
    });
  }

  /** The tenants that a person belongs to, with their names, sorted by id. One that was deleted meanwhile is left out. */
  async function rolesOf(roles: Readonly<Record<string, Role>>) {
    const own = Object.entries(roles).sort(([a], [b]) => (a < b ? -1 : 1));
    const documents = await store.get(own.map(([id]) => adminPaths.tenant(id)));
    return own.flatMap(([tenant_id, role], index) => {
      const document = documents[index];
      return document === undefined ? [] : [{ tenant_id, name: readTenant(document).name, role }];
    });
  }

  async function create(wanted: NewTenant, actor: Actor, once?: Once<CreatedTenant>): Promise<CreatedTenant> {
    const id = newTenantId();
    const fields: EveryMember<TenantFields> = {
      ...wanted,
      seats_allotted: 0,
      owners: 0,
      members: 0,
      created_at: clock.now(),
    };
    const prepare = async (): Promise<AuditedChange<CreatedTenant>> => ({
      writes: [{ op: 'create', path: adminPaths.tenant(id), fields: tenantDocument(fields) }],
      event: { action: 'tenant.create', tenantId: id, details: { ...wanted } },
      result: { id, ...fields },
    });
    return commitAudited(actor, prepare, once);
  }

  /** @throws Fault `not_found`, `seat_limit_exceeded` when its licences already have more seats */
  function change(scope: Scope, tenantId: string, wanted: TenantChange, actor: Actor): Promise<Tenant> {
    return mutex.runExclusive(tenantId, () =>
      commitAudited(actor, async () => {
        const tenant = await get(scope, tenantId);
        const { before, after } = changesOf({ ...tenant }, { ...wanted });
        if (Object.keys(after).length === 0) return { writes: [], result: tenant };
        const { result, writes } = await planChange(tenant, after);
        return { writes, event: { action: 'tenant.change', tenantId, details: { before, after } }, result };
      }),
    );
  }

  /** Ended licences give their seats back when the new limit has no room for them. @throws Fault `seat_limit_exceeded` */
  async function planChange(tenant: Tenant, after: Partial<TenantFields>) {
    const changed: Tenant = { ...tenant, ...after };
    const isShort = exceeds(changed, changed.seats_allotted);
    const freed = isShort ? await freeEnded(store, tenant, clock.now()) : { seats: 0, writes: [] };
    const seats_allotted = changed.seats_allotted - freed.seats;
    requireSeats(changed, seats_allotted);
    const fields: Fields = tenantDocument({ ...after, seats_allotted });
    const update: Write = {
      op: 'update',
      path: adminPaths.tenant(tenant.id),
      fields,
      lastUpdateTime: tenant.updateTime,
    };
    return { result: { ...changed, seats_allotted }, writes: [update, ...freed.writes] };
  }

  return { get, rolesOf, list, create, change };
}

const beginsWith = ({ id, name, reference }: Tenant, q: string): boolean =>
  [id, name, reference].some((text) => text?.toLowerCase().startsWith(q.toLowerCase()) === true);

async function findTenant(store: Pick<DocumentReader, 'get'>, tenantId: string): Promise<Tenant | undefined> {
  const [document] = isPlainId(tenantId) ? await store.get([adminPaths.tenant(tenantId)]) : [];
  return document && readTenant(document);
}
