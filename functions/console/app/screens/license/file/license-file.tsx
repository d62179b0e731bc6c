import { useState } from 'preact/hooks';
import { type BorrowedFile, borrowForMachine } from '../../../api/borrows.ts';
import type { License } from '../../../api/types.ts';
import { useAct } from '../../../api/use-act.ts';
import { T } from '../../../texts.ts';
import { announce } from '../../../ui/announce.tsx';
import { download } from '../../../ui/csv.ts';
import { Dialog } from '../../../ui/dialog.tsx';
import { localTime } from '../../../ui/local-time.ts';
import { FileForm } from './file-form.tsx';

const text = T.file;

/** A seat for a machine that is never online: its request code in, a licence file out. */
export function LicenseFile({ license }: { license: License }) {
  const [open, setOpen] = useState(false);
  const [made, setMade] = useState<BorrowedFile>();
  const act = useAct(async (key, body: object) => {
    const file = await borrowForMachine(key, license.license_id, body);
    setMade(file);
    save(license, file);
    announce(text.saved);
  });
  const close = () => {
    setOpen(false);
    setMade(undefined);
    act.clear();
  };
  if (license.borrow === null || license.status !== 'active') return null;
  return (
    <>
      <div class="row apart holders-head">
        <p class="quiet">{text.offer}</p>
        <button type="button" onClick={() => setOpen(true)}>
          {text.open}
        </button>
      </div>
      {!open ? null : made === undefined ? (
        <Dialog title={text.title} onClose={close} wide>
          <FileForm
            borrow={license.borrow}
            end={license.expires_at}
            pending={act.pending}
            failure={act.failure}
            onAsk={(body) => void act.perform(body)}
            onClose={close}
          />
        </Dialog>
      ) : (
        <Dialog title={text.madeTitle} onClose={close} wide>
          <div class="stack">
            <p>{text.made(localTime(made.borrowed_until))}</p>
            <p>{text.borrowed(made.seats_borrowed, made.borrow_max_seats)}</p>
            <p class="quiet">{text.noWayBack}</p>
            <div class="actions">
              <button type="button" class="primary" onClick={close}>
                {T.once.done}
              </button>
              <button type="button" onClick={() => save(license, made)}>
                {text.again}
              </button>
            </div>
          </div>
        </Dialog>
      )}
    </>
  );
}

const save = ({ license_id }: License, { license_file, session }: BorrowedFile) =>
  download(`${license_id}-${session.slice(0, 8)}.lic`, license_file, 'text/plain');
