import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso/router';
import { lookupLicense } from '../../api/licenses.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

/** Finds the licence of a key that a customer quotes. The key is sent in a body and stays out of every address. */
export function FindByKey({ onClose }: { onClose: () => void }) {
  const { route } = useLocation();
  const [key, setKey] = useState('');
  const act = useAct(async (_key, text: string) => {
    const { license_id } = await lookupLicense(text);
    onClose();
    route(`/console/licenses/${encodeURIComponent(license_id)}`);
  });
  const missing = act.failure?.status === 404;
  return (
    <Dialog title={T.licenses.findByKey} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act.perform(key);
        }}
      >
        <TextField
          label={T.licenses.key}
          hint={T.licenses.findByKeyHint}
          error={missing ? T.licenses.notFound : undefined}
          required
          autocomplete="off"
          value={key}
          onValue={setKey}
        />
        {missing ? null : <FailureNotice failure={act.failure} />}
        <div class="actions">
          <button type="submit" class="primary">
            {act.pending ? T.working : T.licenses.find}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
