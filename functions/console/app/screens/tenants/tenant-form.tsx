import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { changeTenant, createTenant } from '../../api/tenants.ts';
import type { Tenant } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { errorAt, SelectField, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

const text = T.tenants;

interface TenantFormProps {
  /** Undefined for a new one. */
  readonly tenant?: Tenant;
  readonly onClose: () => void;
  readonly onSaved?: () => void;
}

export function TenantForm({ tenant, onClose, onSaved }: TenantFormProps) {
  const { route } = useLocation();
  const [name, setName] = useState(tenant?.name ?? '');
  const [tier, setTier] = useState<string>(tenant?.tier ?? 'professional');
  const [limit, setLimit] = useState(tenant?.seat_limit?.toString() ?? '');
  const [reference, setReference] = useState(tenant?.reference ?? '');
  const act = useAct(async (key, body: object) => {
    if (tenant === undefined) {
      const { tenant_id } = await createTenant(key, body);
      announce(text.created);
      route(`/console/tenants/${encodeURIComponent(tenant_id)}`);
      return;
    }
    await changeTenant(tenant.tenant_id, body);
    announce(T.form.saved);
    onSaved?.();
  });
  return (
    <Dialog title={tenant === undefined ? text.create : text.edit} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act.perform({
            name: name.trim(),
            tier,
            seat_limit: limit.trim() === '' ? null : Number(limit),
            reference: reference.trim() || null,
          });
        }}
      >
        <TextField
          label={text.columns.name}
          required
          maxLength={200}
          value={name}
          onValue={setName}
          error={errorAt(act.failure, 'name')}
        />
        <SelectField
          label={T.form.tier}
          value={tier}
          onValue={setTier}
          options={Object.entries(T.licenses.tiers)}
          error={errorAt(act.failure, 'tier')}
        />
        <TextField
          label={text.limit}
          hint={text.limitHint}
          type="number"
          min={0}
          value={limit}
          onValue={setLimit}
          error={errorAt(act.failure, 'seat_limit')}
        />
        <TextField
          label={T.form.reference}
          hint={T.form.referenceHint}
          maxLength={200}
          value={reference}
          onValue={setReference}
          error={errorAt(act.failure, 'reference')}
        />
        <FailureNotice failure={act.failure} act />
        <div class="actions">
          <button type="submit" class="primary" aria-disabled={act.pending}>
            {act.pending ? T.working : tenant === undefined ? text.createAction : T.save}
          </button>
          <button type="button" onClick={onClose}>
            {T.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
