import { useState } from 'preact/hooks';
import { useLocation, useRoute } from 'preact-iso/router';
import { request } from '../../api/request.ts';
import { deleteTenant, getTenant } from '../../api/tenants.ts';
import type { ListedLicense, Tenant } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { chooseTenant } from '../../session/place.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { Empty, Loaded, Screen } from '../../ui/screen.tsx';
import { Time } from '../../ui/time.tsx';
import { LicenseTable } from '../licenses/license-table.tsx';
import { Members } from '../members/members.tsx';
import { NotFound } from '../not-found.tsx';
import { TenantForm } from './tenant-form.tsx';

const text = T.tenants;

/** One customer: what it has bought, and its people. */
export function TenantScreen() {
  const id = useRoute().params['id'] ?? '';
  const { route } = useLocation();
  const tenant = useResource(`tenant ${id}`, (signal) => getTenant(id, signal));
  const [open, setOpen] = useState<'edit' | 'delete'>();
  const close = () => setOpen(undefined);
  if (tenant.data === undefined && tenant.failure?.status === 404) return <NotFound />;
  return (
    <Screen
      title={tenant.data?.name ?? id}
      above={<a href="/console/tenants">{text.title}</a>}
      actions={
        <>
          <button
            type="button"
            onClick={() => {
              chooseTenant(id);
              route('/console/licenses');
            }}
          >
            {text.actFor}
          </button>
          <button type="button" onClick={() => setOpen('edit')}>
            {T.license.edit}
          </button>
          <button type="button" class="danger" onClick={() => setOpen('delete')}>
            {text.remove}
          </button>
        </>
      }
    >
      <Loaded resource={tenant}>
        {(data) => (
          <div class="stack">
            <TenantFacts tenant={data} />
            <TenantLicenses id={id} />
            <section class="stack" aria-labelledby="people">
              <h2 id="people">{T.members.title}</h2>
              <Members tenantId={id} />
            </section>
            {open === 'edit' ? (
              <TenantForm
                tenant={data}
                onClose={close}
                onSaved={() => {
                  close();
                  tenant.reload();
                }}
              />
            ) : null}
            {open === 'delete' ? <DeleteTenant tenant={data} onClose={close} /> : null}
          </div>
        )}
      </Loaded>
    </Screen>
  );
}

const TenantFacts = ({ tenant }: { tenant: Tenant }) => (
  <section class="panel" aria-label={text.facts}>
    <dl class="facts">
      <dt>{T.license.id}</dt>
      <dd>
        <code>{tenant.tenant_id}</code>
      </dd>
      <dt>{T.license.tier}</dt>
      <dd>{T.licenses.tiers[tenant.tier]}</dd>
      <dt>{text.columns.allotted}</dt>
      <dd>{text.allotted(tenant.seats_allotted, tenant.seat_limit)}</dd>
      <dt>{T.license.reference}</dt>
      <dd>{tenant.reference || T.none}</dd>
      <dt>{T.license.created}</dt>
      <dd>
        <Time at={tenant.created_at} />
      </dd>
    </dl>
  </section>
);

function TenantLicenses({ id }: { id: string }) {
  const list = useResource(`licences of ${id}`, (signal) =>
    request<ListedLicense[]>('GET', '/api/v1/licenses', {
      query: { tenant_id: id, limit: 50, include: 'seats_used' },
      signal,
      tenant: null,
    }),
  );
  return (
    <section class="stack" aria-labelledby="their-licences">
      <div class="row apart">
        <h2 id="their-licences">{T.licenses.title}</h2>
        <a class="button" href={`/console/licenses/new?tenant=${encodeURIComponent(id)}`}>
          {T.licenses.create}
        </a>
      </div>
      <Loaded resource={list}>
        {({ data, next }) =>
          data.length === 0 ? (
            <Empty title={T.licenses.emptyTitle} />
          ) : (
            <>
              <LicenseTable licenses={data} ofOne />
              {next === undefined ? null : <p class="quiet">{text.firstLicenses(data.length)}</p>}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function DeleteTenant({ tenant, onClose }: { tenant: Tenant; onClose: () => void }) {
  const { route } = useLocation();
  const act = useAct(async () => {
    await deleteTenant(tenant.tenant_id);
    announce(text.removed);
    onClose();
    route('/console/tenants');
  });
  return (
    <Confirm
      title={text.removeTitle(tenant.name)}
      action={text.remove}
      pending={act.pending}
      failure={act.failure}
      onConfirm={() => void act.perform()}
      onClose={onClose}
    >
      <p>{text.removeText}</p>
    </Confirm>
  );
}
