import { useState } from 'preact/hooks';
import { request } from '../../api/request.ts';
import type { CreatedWebhook } from '../../api/types.ts';
import { useAct } from '../../api/use-act.ts';
import { T } from '../../texts.ts';
import { Dialog } from '../../ui/dialog.tsx';
import { errorAt, TextArea, TextField } from '../../ui/field.tsx';
import { FailureNotice } from '../../ui/notice.tsx';

interface CreateWebhookProps {
  readonly onMade: (webhook: CreatedWebhook) => void;
  readonly onClose: () => void;
}

const text = T.webhooks;

export function CreateWebhook({ onMade, onClose }: CreateWebhookProps) {
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState('license.*\nseat.denied');
  const [description, setDescription] = useState('');
  const act = useAct(async (idempotencyKey, body: object) =>
    onMade((await request<CreatedWebhook>('POST', '/api/v1/webhooks', { body, idempotencyKey })).data),
  );
  return (
    <Dialog title={text.create} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void act.perform({
            url: url.trim(),
            events: events.split(/[\s,]+/).filter((one) => one !== ''),
            description: description.trim() || null,
          });
        }}
      >
        <TextField
          label={text.url}
          type="url"
          hint={text.urlHint}
          required
          value={url}
          onValue={setUrl}
          error={errorAt(act.failure, 'url')}
        />
        <TextArea
          label={text.events}
          hint={text.eventsHint}
          value={events}
          onValue={setEvents}
          error={errorAt(act.failure, 'events')}
        />
        <TextField
          label={text.description}
          maxLength={500}
          value={description}
          onValue={setDescription}
          error={errorAt(act.failure, 'description')}
        />
        <FailureNotice failure={act.failure} act />
        <div class="actions">
          <button type="submit" class="primary" aria-disabled={act.pending}>
            {act.pending ? T.working : text.createAction}
          </button>
          <button type="button" onClick={onClose}>
            {T.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
