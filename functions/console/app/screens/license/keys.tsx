import { useState } from 'preact/hooks';
import { listKeys } from '../../api/licenses.ts';
import type { CreatedKey, License, LicenseKey } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Badge } from '../../ui/badge.tsx';
import { Loaded } from '../../ui/screen.tsx';
import { ShownOnce } from '../../ui/shown-once.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';
import { AddKey } from './add-key.tsx';
import { EndKey } from './end-key.tsx';

const text = T.keys;

/** The keys of a licence: labels, ends, last use. The keys themselves are not kept anywhere. */
export function Keys({ license }: { license: License }) {
  const list = useResource(`keys of ${license.license_id}`, (signal) => listKeys(license.license_id, signal));
  const [adding, setAdding] = useState(false);
  const [ending, setEnding] = useState<LicenseKey>();
  const [made, setMade] = useState<CreatedKey>();
  const open = license.status !== 'archived';
  return (
    <>
      <div class="row apart holders-head">
        <p class="quiet">{text.lead}</p>
        {open ? (
          <button type="button" class="primary" onClick={() => setAdding(true)}>
            {text.add}
          </button>
        ) : null}
      </div>
      <Loaded resource={list}>
        {({ items }) => (
          <Table
            caption={text.title}
            rows={items}
            rowKey={({ key }) => key}
            columns={[
              {
                id: 'label',
                head: text.columns.label,
                sort: ({ label, key }) => label ?? key,
                cell: ({ label, key, user_email }) => (
                  <>
                    {label ?? user_email ?? <span class="quiet">{text.unnamed}</span>}
                    {label === null || user_email === null ? null : <div class="small">{user_email}</div>}
                    <div class="quiet small mono">{key}</div>
                  </>
                ),
              },
              {
                id: 'created',
                head: text.columns.created,
                sort: ({ created_at }) => created_at,
                cell: ({ created_at }) => <Time at={created_at} style="date" />,
              },
              {
                id: 'used',
                head: text.columns.used,
                sort: ({ last_used_day }) => last_used_day ?? '',
                cell: ({ last_used_day }) =>
                  last_used_day === null ? (
                    <span class="quiet">{text.never}</span>
                  ) : (
                    <Time at={`${last_used_day}T12:00:00.000Z`} style="date" />
                  ),
              },
              {
                id: 'until',
                head: text.columns.until,
                sort: ({ until }) => until ?? '9999',
                cell: ({ until }) =>
                  until === null ? (
                    <span class="quiet">{text.noEnd}</span>
                  ) : (
                    <Badge kind="warn">
                      {text.until} <Time at={until} />
                    </Badge>
                  ),
              },
              {
                id: 'act',
                head: T.holders.columns.act,
                headHidden: true,
                cell: (key) =>
                  open ? (
                    <div class="actions">
                      <button
                        type="button"
                        class="small"
                        aria-label={`${text.end}: ${key.label ?? key.key}`}
                        onClick={() => setEnding(key)}
                      >
                        {text.end}
                      </button>
                    </div>
                  ) : null,
              },
            ]}
          />
        )}
      </Loaded>
      {adding ? (
        <AddKey
          license={license}
          others={(list.data?.items ?? []).map(({ key }) => key)}
          onClose={() => setAdding(false)}
          onMade={(key) => {
            setAdding(false);
            setMade(key);
            list.reload();
          }}
        />
      ) : null}
      {ending === undefined ? null : (
        <EndKey
          license={license}
          licenseKey={ending}
          last={(list.data?.items.length ?? 0) < 2}
          onClose={() => setEnding(undefined)}
          onDone={() => {
            setEnding(undefined);
            list.reload();
          }}
        />
      )}
      {made === undefined ? null : (
        <ShownOnce
          title={text.madeTitle}
          lead={T.form.keyLead}
          secret={made.license_key}
          what={T.licenses.key.toLowerCase()}
          onDone={() => setMade(undefined)}
        />
      )}
    </>
  );
}
