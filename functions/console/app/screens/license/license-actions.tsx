import { useState } from 'preact/hooks';
import { archiveLicense, changeLicense, previewChange } from '../../api/licenses.ts';
import type { License } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { useResource } from '../../api/use-resource.ts';
import { isVendor, may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { announce } from '../../ui/announce.tsx';
import { Confirm } from '../../ui/confirm.tsx';
import { TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';
import { Loaded } from '../../ui/screen.tsx';
import { licenseName } from '../licenses/license-name.ts';

interface ActionProps {
  readonly license: License;
  readonly changed: () => void;
}

const text = T.license;

/** What can be done with the licence as a whole. A suspension by the vendor is undone by the vendor only. */
export function LicenseActions({ license, changed }: ActionProps) {
  const [open, setOpen] = useState<'suspend' | 'archive'>();
  const close = () => setOpen(undefined);
  const reinstate = useAct(async () => {
    await changeLicense(license.license_id, { status: 'active' });
    announce(text.reinstated);
    changed();
  });
  if (license.status === 'archived' || !may('changeLicense')) return null;
  return (
    <>
      <a class="button" href={`/console/licenses/${encodeURIComponent(license.license_id)}/edit`}>
        {text.edit}
      </a>
      {!isVendor() ? null : license.status === 'active' ? (
        <button type="button" onClick={() => setOpen('suspend')}>
          {text.suspend}
        </button>
      ) : (
        <button type="button" onClick={() => void reinstate.perform()}>
          {reinstate.pending ? T.working : text.reinstate}
        </button>
      )}
      {may('archiveLicense') ? (
        <button type="button" class="danger" onClick={() => setOpen('archive')}>
          {text.archive}
        </button>
      ) : null}
      <FailureNotice failure={reinstate.failure} act />
      {open === 'suspend' ? <Suspend license={license} changed={changed} onClose={close} /> : null}
      {open === 'archive' ? <Archive license={license} changed={changed} onClose={close} /> : null}
    </>
  );
}

/** How many sessions end when the licence stops. */
const useEnding = ({ license_id }: License) =>
  useResource(
    `ending of ${license_id} ${Date.now() - (Date.now() % 60_000)}`,
    async (signal) => (await previewChange(license_id, { status: 'suspended' }, signal)).would_end_count,
  );

function Suspend({ license, changed, onClose }: ActionProps & { onClose: () => void }) {
  const ending = useEnding(license);
  const act = useAct(async () => {
    await changeLicense(license.license_id, { status: 'suspended' });
    announce(text.suspended);
    onClose();
    changed();
  });
  return (
    <Confirm
      title={text.suspendTitle}
      action={text.suspend}
      pending={act.pending}
      failure={act.failure}
      onConfirm={() => void act.perform()}
      onClose={onClose}
    >
      <Loaded resource={ending}>{(count) => <p>{text.suspendText(count)}</p>}</Loaded>
    </Confirm>
  );
}

function Archive({ license, changed, onClose }: ActionProps & { onClose: () => void }) {
  const ending = useEnding(license);
  const [typed, setTyped] = useState('');
  const name = licenseName(license);
  const act = useAct(async () => {
    await archiveLicense(license.license_id);
    announce(text.archived);
    onClose();
    changed();
  });
  return (
    <Confirm
      title={text.archiveTitle}
      action={text.archive}
      pending={act.pending}
      failure={act.failure}
      disabled={typed.trim() !== name.trim()}
      onConfirm={() => void act.perform()}
      onClose={onClose}
    >
      <Loaded resource={ending}>{(count) => <p>{text.archiveText(count)}</p>}</Loaded>
      <TextField label={text.archiveType(name)} value={typed} onValue={setTyped} autocomplete="off" />
    </Confirm>
  );
}
