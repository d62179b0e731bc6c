import { useState } from 'preact/hooks';
import { request } from '../../api/request.ts';
import type { Tenant } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { TextField } from '../../ui/field.tsx';

interface TenantFieldProps {
  /** The chosen tenant's id, or what is typed so far. */
  readonly value: string;
  readonly onValue: (tenantId: string) => void;
  readonly error?: string | undefined;
}

/** Customers that are offered at once; more letters find the others. */
const OFFERED = 6;

/** Whose licence it is: typing the beginning of a name offers those that match. */
export function TenantField({ value, onValue, error }: TenantFieldProps) {
  const [name, setName] = useState('');
  const typed = value.trim();
  const { data = [] } = useResource(`tenants for ${typed}`, async (signal) => {
    const query = { q: typed || undefined, limit: OFFERED };
    return (await request<Tenant[]>('GET', '/api/v1/tenants', { query, signal, tenant: null })).data;
  });
  const chosen = data.find(({ tenant_id }) => tenant_id === typed);
  const offered = chosen === undefined && name === '' ? data : [];
  return (
    <div class="stack tight">
      <TextField
        label={T.form.customer}
        hint={chosen === undefined ? T.form.customerHint : chosen.name}
        required
        autocomplete="off"
        value={name || value}
        onValue={(text) => {
          setName('');
          onValue(text);
        }}
        error={error}
      />
      {offered.length === 0 ? null : (
        <fieldset class="row" aria-label={T.form.customerOffers}>
          {offered.map((tenant) => (
            <button
              key={tenant.tenant_id}
              type="button"
              class="small"
              onClick={() => {
                setName(tenant.name);
                onValue(tenant.tenant_id);
              }}
            >
              {tenant.name} <span class="quiet mono">{tenant.tenant_id}</span>
            </button>
          ))}
        </fieldset>
      )}
    </div>
  );
}
