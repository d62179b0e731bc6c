import { useId, useState } from 'preact/hooks';
import { request } from '../../api/request.ts';
import type { Tenant } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Field } from '../../ui/field.tsx';

interface TenantFieldProps {
  /** The chosen tenant's id. */
  readonly value: string;
  readonly onValue: (tenantId: string) => void;
  readonly error?: string | undefined;
}

const nameOf = ({ name, tenant_id }: Tenant) => `${name} (${tenant_id})`;

/** Whose licence it is: typing the beginning of a name offers those that match. */
export function TenantField({ value, onValue, error }: TenantFieldProps) {
  const list = useId();
  const [typed, setTyped] = useState(value);
  const q = typed.replace(/\s*\([^)]*\)$/, '').trim();
  const { data = [] } = useResource(
    `tenants for ${q}`,
    async (signal) =>
      (
        await request<Tenant[]>('GET', '/api/v1/tenants', {
          query: { q: q || undefined, limit: 20 },
          signal,
          tenant: null,
        })
      ).data,
  );
  const choose = (text: string) => {
    setTyped(text);
    const wanted = text.trim().toLowerCase();
    const [only, ...others] = data.filter(
      (tenant) =>
        nameOf(tenant).toLowerCase() === wanted || tenant.tenant_id === wanted || tenant.name.toLowerCase() === wanted,
    );
    onValue(only !== undefined && others.length === 0 ? only.tenant_id : text.trim());
  };
  return (
    <Field label={T.form.customer} hint={T.form.customerHint} error={error}>
      {(attributes) => (
        <>
          <input
            {...attributes}
            list={list}
            required
            autocomplete="off"
            value={typed}
            onInput={(event) => choose(event.currentTarget.value)}
          />
          <datalist id={list}>
            {data.map((tenant) => (
              <option key={tenant.tenant_id} value={nameOf(tenant)} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
