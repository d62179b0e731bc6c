import * as z from 'zod';
import type { PublicKey } from '#shared/crypto/public-key.ts';
import { eventWrite, type NewEvent } from '#shared/events/outbox.ts';
import { deriveStates } from '#shared/keys/list-rules.ts';
import { type ListedKey, readListedKeys, readSignedKeyList, type SignedKeyList } from '#shared/keys/statements.ts';
import { readStatements } from '#shared/keys/store.ts';
import { parseTime } from '#shared/license-format/time.ts';
import { newAuditId } from '#shared/model/audit.ts';
import type { Clock } from '#shared/model/clock.ts';
import { EVENT_RETENTION } from '#shared/model/event.ts';
import { jsonText } from '#shared/model/json-text.ts';
import { CommitError, type DocumentReader, type DocumentStore } from '#shared/store/store.ts';

export interface SigningKeyEventsOptions {
  /** The default database, where the events are. */
  readonly store: Pick<DocumentStore, 'get' | 'commit'>;
  /** The keys' own database, which is only read. */
  readonly keys: Pick<DocumentReader, 'get'>;
  /** The roots' public keys: a list that does not follow from one of them is told of to nobody. */
  readonly roots: readonly PublicKey[];
  readonly clock: Clock;
}

/** What a key goes through, in order. */
const LIFE = ['published', 'signing', 'retired'] as const;
type Told = (typeof LIFE)[number] | 'revoked';

/** `announced/signing_keys`: the states that were told of, by key version. */
const PATH = 'announced/signing_keys';
const announcedFields = z.object({ states: jsonText<Readonly<Record<string, Told>>>() });

interface Change {
  readonly keyVersion: string;
  readonly to: Told;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly event: NewEvent;
}

/**
 * Tells of signing keys that were published, sign, are retired or revoked: of each once, because the states that were told
 * of change in the commit of the events. key-rotation, which makes the list, has no right to the database of the events, so
 * the dispatcher compares the signed list with what it told of last.
 */
export function createTellOfSigningKeys({ store, keys, roots, clock }: SigningKeyEventsOptions) {
  return async (): Promise<void> => {
    const [{ list }, [document]] = await Promise.all([readStatements(keys), store.get([PATH])]);
    if (list === undefined) return; // before the first rotation
    const now = clock.now();
    const before = document === undefined ? {} : announcedFields.parse(document.fields).states;
    const changes = changesOf(readSignedKeyList(list, roots), before, now);
    if (changes.length === 0) return;
    const states = { ...before, ...Object.fromEntries(changes.map(({ keyVersion, to }) => [keyVersion, to])) };
    const fields = z.encode(announcedFields, { states });
    const events = changes.filter(({ at }) => at > now - EVENT_RETENTION);
    await store
      .commit([
        document === undefined
          ? { op: 'create', path: PATH, fields }
          : { op: 'update', path: PATH, fields, lastUpdateTime: document.updateTime },
        ...events.map(({ at, event }) => eventWrite(newAuditId(at), event, at)),
      ])
      .catch((error: unknown) => {
        // Another dispatcher has told of it, or the answer was lost: the next run sees which.
        if (!(error instanceof CommitError)) throw error;
      });
  };
}

/** Ordered by key, and for each key in the order of its life. */
function changesOf({ list }: SignedKeyList, before: Readonly<Record<string, Told>>, now: number): Change[] {
  const { keys } = readListedKeys(list);
  const gone = new Set(list.revoked.map(({ key_version }) => key_version));
  const lives = deriveStates(keys, gone, now, Number.POSITIVE_INFINITY).flatMap(({ key, state, retiredAt }) => {
    const known = before[key.key_version];
    const from = known === undefined || known === 'revoked' ? -1 : LIFE.indexOf(known);
    const reached = state === 'archived' ? 'retired' : state;
    const to = LIFE.indexOf(reached);
    // A key signs again when the one that followed it was revoked.
    if (to < from) return [keyChange(key, reached, known, now)];
    const moments = { published: timeOf(key.created_at), signing: timeOf(key.signs_from), retired: retiredAt ?? now };
    return LIFE.slice(from + 1, to + 1).map((one, index) =>
      keyChange(key, one, LIFE[from + index], Math.min(moments[one], now)),
    );
  });
  const revocations = list.revoked.flatMap(({ key_version, kid = null, at }): Change[] => {
    const known = before[key_version];
    if (known === 'revoked') return [];
    const data = { key_version, kid, state: 'revoked', revoked_at: at, ...previously(known) };
    const event = { type: 'signing_key.revoked', tenantId: '', data } as const;
    return [{ keyVersion: key_version, to: 'revoked', at: Math.min(timeOf(at), now), event }];
  });
  return [...lives, ...revocations];
}

function keyChange(key: ListedKey, to: (typeof LIFE)[number], from: Told | undefined, at: number): Change {
  const { key_version, kid, algorithm, created_at, pem } = key;
  const data = { key_version, kid, algorithm, state: to, created_at, pem, ...previously(from) };
  return { keyVersion: key_version, to, at, event: { type: `signing_key.${to}`, tenantId: '', data } };
}

const previously = (state: Told | undefined) => (state === undefined ? {} : { previous: { state } });

const timeOf = (text: string): number => parseTime(text) ?? Number.NaN;
