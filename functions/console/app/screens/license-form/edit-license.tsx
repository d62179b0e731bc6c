import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { changeLicense, previewChange } from '../../api/licenses.ts';
import type { License, Preview } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { isVendor } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { useDraft } from '../../ui/use-draft.ts';
import { HolderTable } from '../license/holder-table.tsx';
import { changesOf, draftOf } from './draft.ts';
import { CustomerFields, VendorFields } from './license-fields.tsx';

interface EditLicenseProps {
  readonly license: License;
  readonly changed: () => void;
}

/** Changes a licence. When sessions would end, it says whose before anything is changed. */
export function EditLicense({ license, changed }: EditLicenseProps) {
  const { route } = useLocation();
  const [draft, set, forget] = useDraft(`licence ${license.license_id}`, draftOf(license));
  const [preview, setPreview] = useState<Preview>();
  const changes = changesOf(license, draft);
  const nothing = Object.keys(changes).length === 0;
  const back = `/console/licenses/${encodeURIComponent(license.license_id)}`;

  const save = useAct(async (_key, body: object) => {
    await changeLicense(license.license_id, body);
    forget();
    setPreview(undefined);
    announce(T.form.saved);
    changed();
    route(back);
  });
  const check = useAct(async (_key, body: object) => {
    const found = await previewChange(license.license_id, body);
    if (found.would_end_count === 0) await save.perform(body);
    else setPreview(found);
  });
  const failure = save.failure ?? check.failure;
  const fields = { draft, set, failure };
  return (
    <form
      class="panel wide-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (!nothing) void check.perform(changes);
      }}
    >
      {isVendor() ? <VendorFields {...fields} creating={false} /> : <CustomerFields {...fields} />}
      {preview === undefined ? <FailureNotice failure={failure} act /> : null}
      <div class="actions">
        <button type="submit" class="primary" disabled={nothing} aria-disabled={check.pending || save.pending}>
          {check.pending || save.pending ? T.working : T.save}
        </button>
        <a class="button" href={back} onClick={forget}>
          {T.cancel}
        </a>
      </div>
      {preview === undefined ? null : (
        <Confirm
          title={T.form.endsTitle(preview.would_end_count)}
          action={T.form.endsAction}
          pending={save.pending}
          failure={save.failure}
          onConfirm={() => void save.perform(changes)}
          onClose={() => setPreview(undefined)}
          wide
        >
          <p>{T.form.endsText}</p>
          <HolderTable sessions={preview.would_end} lease={license.lease_seconds} now={Date.now()} />
          {preview.would_end_count > preview.would_end.length ? (
            <p class="quiet">{T.form.endsMore(preview.would_end_count - preview.would_end.length)}</p>
          ) : null}
        </Confirm>
      )}
    </form>
  );
}
