import { send } from '../../api/send.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Badge } from '../../ui/badge.tsx';
import { CopyButton } from '../../ui/copy-button.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Loaded, Screen } from '../../ui/screen.tsx';
import { Table } from '../../ui/table.tsx';
import { Time } from '../../ui/time.tsx';

const text = T.signingKeys;

type State = keyof typeof text.states;

/** As much as is shown of the signed key list (`/.well-known/countersign-keys.json`). */
interface KeyList {
  readonly root: { readonly directory_key: string; readonly valid_until: string };
  readonly list: {
    readonly sequence: number;
    readonly issued_at: string;
    readonly expires_at: string;
    readonly keys: readonly {
      readonly key_version: string;
      readonly kid: string;
      readonly state: State;
      readonly created_at: string;
      readonly signs_from: string;
    }[];
    readonly revoked: readonly { readonly key_version: string; readonly at: string }[];
  };
}

const KINDS = { published: 'plain', signing: 'good', retired: 'plain', archived: 'plain', revoked: 'bad' } as const;

/** The versions of the signing key as clients see them: the signed list that everything is checked against. */
export function SigningKeysScreen() {
  const keys = useResource(
    'signing keys',
    async (signal) => (await send('/.well-known/countersign-keys.json', { signal })).body as KeyList,
  );
  return (
    <Screen title={text.title}>
      <Loaded resource={keys}>{(data) => <Keys data={data} />}</Loaded>
    </Screen>
  );
}

function Keys({ data: { root, list } }: { data: KeyList }) {
  const revoked = new Map(list.revoked.map(({ key_version, at }) => [key_version, at]));
  const stateOf = ({ key_version, state }: KeyList['list']['keys'][number]): State =>
    revoked.has(key_version) ? 'revoked' : state;
  const late = Date.parse(list.expires_at) < Date.now();
  return (
    <div class="stack">
      {late ? <Notice kind="warn">{text.late}</Notice> : null}
      <section class="panel" aria-label={text.list}>
        <dl class="facts">
          <dt>{text.sequence}</dt>
          <dd class="num">{list.sequence}</dd>
          <dt>{text.issued}</dt>
          <dd>
            <Time at={list.issued_at} />
          </dd>
          <dt>{text.goodUntil}</dt>
          <dd>
            <Time at={list.expires_at} />
          </dd>
          <dt>{text.directory}</dt>
          <dd>
            <code>{root.directory_key}</code> {text.until} <Time at={root.valid_until} style="date" />
          </dd>
        </dl>
      </section>
      <Table
        caption={text.title}
        rows={list.keys}
        rowKey={({ key_version }) => key_version}
        columns={[
          {
            id: 'version',
            head: text.version,
            text: true,
            cell: ({ key_version, kid }) => (
              <>
                <code>{key_version.split('/').slice(-1)[0]}</code>
                <div class="row small quiet">
                  <code>{kid}</code> <CopyButton text={kid} what="kid" short />
                </div>
              </>
            ),
          },
          {
            id: 'state',
            head: text.state,
            sort: stateOf,
            cell: (key) => <Badge kind={KINDS[stateOf(key)]}>{text.states[stateOf(key)]}</Badge>,
          },
          {
            id: 'created',
            head: T.license.created,
            sort: ({ created_at }) => created_at,
            cell: ({ created_at }) => <Time at={created_at} style="date" />,
          },
          {
            id: 'signs',
            head: text.signsFrom,
            sort: ({ signs_from }) => signs_from,
            cell: ({ signs_from }) => <Time at={signs_from} style="date" />,
          },
          { id: 'means', head: text.means, cell: (key) => text.meanings[stateOf(key)] },
        ]}
      />
      <p class="quiet">{text.rotation}</p>
    </div>
  );
}
