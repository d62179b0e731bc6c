import { listSessions } from '../../api/licenses.ts';
import type { License } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Loaded } from '../../ui/screen.tsx';
import { HolderTable } from './holder-table.tsx';

interface CameWithProps {
  readonly license: License;
  /** The keys' ids. */
  readonly keys: readonly string[];
  readonly words: (count: number) => string;
  /** They are to end. */
  readonly ends: boolean;
}

/** Sessions that are looked through, and those of a key that are listed. */
const MAX_SESSIONS = 2_500;
const SHOWN = 20;

/** Whose sessions came with a key, before it is decided what becomes of them. */
export function CameWith({ license, keys, words, ends }: CameWithProps) {
  const list = useResource(`came with ${license.license_id}`, (signal) =>
    listSessions(license.license_id, signal, MAX_SESSIONS),
  );
  return (
    <Loaded resource={list}>
      {({ items }) => {
        const came = items.filter(({ key }) => keys.includes(key));
        return (
          <>
            <p>{words(came.length)}</p>
            {came.length === 0 ? null : (
              <>
                <HolderTable
                  sessions={came.slice(0, SHOWN)}
                  lease={license.lease_seconds}
                  now={list.at ?? Date.now()}
                />
                {came.length > SHOWN ? <p class="quiet">{T.form.endsMore(came.length - SHOWN)}</p> : null}
                <p class="quiet">{ends ? T.keys.theyEnd : T.keys.goOn}</p>
              </>
            )}
          </>
        );
      }}
    </Loaded>
  );
}
