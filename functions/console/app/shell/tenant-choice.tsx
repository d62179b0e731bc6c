import { request } from '../api/request.ts';
import type { Me, Tenant } from '../api/types.ts';
import { useResource } from '../api/use-resource.ts';
import { chooseTenant, tenantId } from '../session/place.ts';
import type { SignedIn } from '../session/session.ts';
import { T } from '../texts.ts';

/** Staff choose among all customers or none; a member of several chooses one; a member of one sees its name. */
export function TenantChoice({ person }: { person: SignedIn }) {
  const { staff } = person;
  const { data } = useResource('tenant choice', async (signal) => {
    if (!staff) return (await request<Me>('GET', '/api/v1/me', { signal, tenant: null })).data.tenants;
    return (await request<Tenant[]>('GET', '/api/v1/tenants', { signal, tenant: null, query: { limit: 100 } })).data;
  });
  const current = tenantId.value;
  const known = data ?? [];
  const names =
    current === undefined || known.some(({ tenant_id }) => tenant_id === current)
      ? known
      : [...known, { tenant_id: current, name: current }];
  if (!staff && names.length < 2) return <span class="quiet">{names[0]?.name ?? ''}</span>;
  return (
    <select
      class="tenant"
      aria-label={T.shell.tenant}
      value={current ?? ''}
      onChange={(event) => chooseTenant(event.currentTarget.value || undefined)}
    >
      {staff ? <option value="">{T.shell.allTenants}</option> : null}
      {names.map(({ tenant_id, name }) => (
        <option key={tenant_id} value={tenant_id} selected={tenant_id === current}>
          {name}
        </option>
      ))}
    </select>
  );
}
