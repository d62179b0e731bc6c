import type { License } from '../../api/types.ts';
import { getUsage } from '../../api/usage.ts';
import { useResource } from '../../api/use-resource.ts';
import { isVendor, may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Loaded } from '../../ui/screen.tsx';
import { SeatBar } from '../../ui/seat-bar.tsx';
import { Time } from '../../ui/time.tsx';
import { LicenseStatus } from '../licenses/license-status.tsx';
import { recallsLeft } from './recalls-left.ts';
import { rulesOf } from './rules.ts';

const text = T.license;

export function LicenseFacts({ license }: { license: License }) {
  const usage = useResource(`seats of ${license.license_id}`, (signal) =>
    getUsage(license.license_id, { resolution: 'hour' }, signal),
  );
  return (
    <>
      {license.status === 'suspended' ? <Notice kind="warn">{text.suspendedNote}</Notice> : null}
      {license.status === 'archived' ? <Notice>{text.archivedNote}</Notice> : null}
      <div class="columns">
        <section class="panel stack" aria-labelledby="seats-now">
          <h2 id="seats-now">{text.seats}</h2>
          <Loaded resource={usage}>
            {({ seats_used, seats_total, seats_borrowed, copies_outstanding, recalls }) => (
              <>
                <div class="big">
                  <SeatBar used={seats_used} total={seats_total} />
                </div>
                {license.borrow === null ? null : (
                  <p>
                    {text.borrowed(seats_borrowed, license.borrow.max_seats)}{' '}
                    {recalls === null || recalls.max === 0 ? null : recallsLeft(recalls)}
                  </p>
                )}
                {copies_outstanding === 0 ? null : <p>{text.outstanding(copies_outstanding)}</p>}
              </>
            )}
          </Loaded>
          {may('listSessions') ? (
            <a href={`/console/licenses/${encodeURIComponent(license.license_id)}/holders`}>{text.seeHolders}</a>
          ) : null}
          <h2>{text.rules}</h2>
          <ul class="rules">
            {rulesOf(license).map((sentence) => (
              <li key={sentence}>{sentence}</li>
            ))}
          </ul>
        </section>
        <section class="panel" aria-label={text.tabs.license}>
          <Facts license={license} />
        </section>
      </div>
    </>
  );
}

function Facts({ license }: { license: License }) {
  const { license_id, tenant_id, product, tier, reference, features, metadata, created_at } = license;
  const names = Array.isArray(features)
    ? features
    : Object.entries(features).map(([name, value]) => `${name}: ${value}`);
  const rows = Object.entries(metadata);
  return (
    <dl class="facts">
      <dt>{T.licenses.columns.status}</dt>
      <dd>
        <LicenseStatus license={license} />
      </dd>
      <dt>{text.id}</dt>
      <dd class="row">
        <code>{license_id}</code>
        <CopyButton text={license_id} what={text.id.toLowerCase()} short />
      </dd>
      <dt>{text.customer}</dt>
      <dd>{isVendor() ? <a href={`/console/tenants/${encodeURIComponent(tenant_id)}`}>{tenant_id}</a> : tenant_id}</dd>
      <dt>{text.reference}</dt>
      <dd>{reference || T.none}</dd>
      <dt>{text.product}</dt>
      <dd>{product}</dd>
      <dt>{text.tier}</dt>
      <dd>{T.licenses.tiers[tier]}</dd>
      <dt>{text.features}</dt>
      <dd>{names.length === 0 ? text.noFeatures : names.join(', ')}</dd>
      <dt>{text.created}</dt>
      <dd>
        <Time at={created_at} />
      </dd>
      {rows.length === 0 ? null : (
        <>
          <dt>{text.metadata}</dt>
          <dd>
            {rows.map(([name, value]) => (
              <div key={name}>
                <code>{name}</code>: {typeof value === 'string' ? value : JSON.stringify(value)}
              </div>
            ))}
          </dd>
        </>
      )}
    </dl>
  );
}
