import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { createLicense } from '../../api/licenses.ts';
import type { CreatedLicense } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { tenantId } from '../../session/place.ts';
import { T } from '../../texts.ts';
import { errorAt } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Screen } from '../../ui/screen.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { useDraft } from '../../ui/use-draft.ts';
import { licenseName } from '../licenses/license-name.ts';
import { membersOf, NEW_LICENSE } from './draft.ts';
import { VendorFields } from './license-fields.tsx';
import { TenantField } from './tenant-field.tsx';

/** A new licence; its key is shown once. */
export function NewLicenseScreen() {
  const { route, query } = useLocation();
  const [draft, set, forget] = useDraft('new licence', {
    ...NEW_LICENSE,
    tenant: query['tenant'] ?? tenantId.value ?? '',
  });
  const [created, setCreated] = useState<CreatedLicense>();
  const act = useAct(async (key, body: object) => {
    setCreated(await createLicense(key, body));
    forget();
  });
  const unknownTenant = act.failure?.status === 404 ? T.form.noSuchCustomer : undefined;
  return (
    <Screen title={T.form.newTitle} above={<a href="/console/licenses">{T.licenses.title}</a>}>
      <form
        class="panel wide-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act.perform({ tenant_id: draft.tenant, ...membersOf(draft) });
        }}
      >
        <TenantField
          value={draft.tenant}
          onValue={(tenant) => set({ tenant })}
          error={unknownTenant ?? errorAt(act.failure, 'tenant_id')}
        />
        <VendorFields draft={draft} set={set} failure={act.failure} creating />
        {unknownTenant === undefined ? <FailureNotice failure={act.failure} act /> : null}
        <div class="actions">
          <button type="submit" class="primary" aria-disabled={act.pending}>
            {act.pending ? T.working : T.form.create}
          </button>
          <a class="button" href="/console/licenses" onClick={forget}>
            {T.cancel}
          </a>
        </div>
      </form>
      {created === undefined ? null : (
        <ShownOnce
          title={T.form.createdTitle(licenseName(created))}
          lead={T.form.keyLead}
          secret={created.license_key}
          what={T.licenses.key.toLowerCase()}
          onDone={() => route(`/console/licenses/${encodeURIComponent(created.license_id)}`, true)}
        />
      )}
    </Screen>
  );
}
