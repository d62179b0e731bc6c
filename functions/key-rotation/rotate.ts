import { type PublicKey, readPublicKey } from '#shared/crypto/public-key.ts';
import type { Signer } from '#shared/crypto/signer.ts';
import type { KeyAdministrator, KeySource, KeyVersion } from '#shared/keys/key-source.ts';
import type { KeyPeriods } from '#shared/keys/lifecycle.ts';
import { deriveStates, nextList, saysTheSame } from '#shared/keys/list-rules.ts';
import {
  compareStatements,
  type DirectoryStatement,
  type KeyListClaims,
  readDirectoryStatement,
  readListedKeys,
  readSignedKeyList,
  signStatement,
} from '#shared/keys/statements.ts';
import { readRevoked, readStatements, reserveNext, writeList } from '#shared/keys/store.ts';
import { DEFAULT_ALGORITHM } from '#shared/license-format/algorithms.ts';
import { parseTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { DocumentStore, UpdateTime } from '#shared/store/store.ts';

export interface RotateOptions {
  readonly source: KeySource;
  readonly administrator: KeyAdministrator;
  /** Signs with the directory key. */
  readonly directory: Signer;
  /** The roots' public keys. */
  readonly roots: readonly PublicKey[];
  /** The keys' own database. */
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly periods: KeyPeriods;
  /** Seconds for which a list is good. */
  readonly listGoodFor: number;
}

export interface Rotated {
  readonly signing: string | null;
  readonly created?: string;
  readonly archived: readonly string[];
  /** How many versions KMS has enabled, for the dashboard. */
  readonly active: number;
  readonly sequence: number;
}

/** Milliseconds after which a list that says nothing new is signed again, so that a daily run always makes one. */
const SIGN_AGAIN_AFTER = 20 * 3_600_000;
/** Milliseconds before the directory key's end in which each run says so. */
const REMIND_BEFORE = 60 * 86_400_000;

/** The list before, as it was stored with the directory statement of its time. */
interface Known extends Pick<KeyListClaims, 'sequence' | 'issued_at' | 'keys' | 'revoked'> {
  readonly root: DirectoryStatement;
}

interface Snapshot {
  readonly now: number;
  readonly root: DirectoryStatement;
  readonly previous: Known | undefined;
  readonly listUpdateTime: UpdateTime | undefined;
  readonly enabled: readonly KeyVersion[];
  readonly revoked: readonly { readonly keyVersion: string; readonly at: number }[];
}

/**
 * Rolls the signing key on and signs the key list. Every step looks at what is there and may be repeated: a version is
 * made when the newest is old enough, the list follows from KMS, the list before and the recorded revocations, and a
 * version is disabled only when a signed list says that it no longer signs.
 * @throws Fault `dependency_unavailable`, before the first root ceremony too
 */
export function createRotate(options: RotateOptions) {
  const { source, administrator, directory, roots, store, clock, log, periods, listGoodFor } = options;

  return async (): Promise<Rotated> => {
    const before = await readSnapshot();
    remindOfDirectoryEnd(before);
    const created = await createNext(before);
    const snapshot = created === undefined ? before : { ...before, enabled: await source.listVersions() };
    const list = await makeList(snapshot);
    const states = deriveStates(list.keys, revokedOf(list), snapshot.now, periods.archiveAfter);
    const archived = states.flatMap(({ key, state }) => (state === 'archived' ? [key.key_version] : []));
    const disabled = await disable(snapshot, new Set([...archived, ...revokedOf(list)]));
    return {
      signing: states.find(({ state }) => state === 'signing')?.key.key_version ?? null,
      ...(created === undefined ? {} : { created }),
      archived: disabled.filter((keyVersion) => archived.includes(keyVersion)),
      active: snapshot.enabled.length - disabled.length,
      sequence: list.sequence,
    };
  };

  async function readSnapshot(): Promise<Snapshot> {
    const now = clock.now();
    const [{ root, list, listUpdateTime }, enabled, revoked] = await Promise.all([
      readStatements(store),
      source.listVersions(),
      readRevoked(store),
    ]);
    if (root === undefined) {
      throw new Fault('dependency_unavailable', 'There is no directory key yet: a root ceremony has to be held first.');
    }
    const previous = list === undefined ? undefined : readKnown(list);
    return {
      now,
      root: newerStatement(readDirectoryStatement(root, roots), previous),
      previous,
      listUpdateTime,
      enabled,
      revoked,
    };
  }

  /** A list by an older statement than the one before would be refused by everybody. */
  function newerStatement(stored: DirectoryStatement, previous: Known | undefined): DirectoryStatement {
    if (previous === undefined || compareStatements(stored, previous.root) >= 0) return stored;
    log.log('ALERT', 'older_directory_statement', { valid_from: stored.valid_from, known: previous.root.valid_from });
    return previous.root;
  }

  function readKnown(stored: unknown): Known {
    const { root, list } = readSignedKeyList(stored, roots);
    const { sequence, issued_at, revoked } = list;
    return { root, sequence, issued_at, revoked, keys: readListedKeys(list).keys };
  }

  function remindOfDirectoryEnd({ root, now }: Snapshot): void {
    const left = (parseTime(root.valid_until) ?? 0) - now;
    if (left <= 0) log.log('ALERT', 'directory_key_ended', { valid_until: root.valid_until });
    else if (left < REMIND_BEFORE) log.log('ALERT', 'directory_key_ends', { valid_until: root.valid_until });
  }

  async function createNext({ enabled, previous, revoked, now }: Snapshot): Promise<string | undefined> {
    const gone = new Set([
      ...revoked.map(({ keyVersion }) => keyVersion),
      ...(previous?.revoked ?? []).map(({ key_version }) => key_version),
    ]);
    const newest = enabled
      .filter(({ keyVersion }) => !gone.has(keyVersion))
      .toSorted((a, b) => b.createdAt - a.createdAt || numberOf(b) - numberOf(a))[0];
    if (newest !== undefined && now < newest.createdAt + periods.rotateAfter * 1000) return undefined;
    const made = await reserveNext(store, newest?.keyVersion, now);
    return made ? administrator.createVersion() : undefined;
  }

  /** The next list if it is time for one, else the one that there is. */
  async function makeList(snapshot: Snapshot): Promise<Pick<KeyListClaims, 'keys' | 'revoked' | 'sequence'>> {
    const { previous, now, root } = snapshot;
    const next = nextList({
      previous,
      enabled: await withPublicKeys(snapshot),
      revoked: snapshot.revoked,
      now,
      periods,
      goodFor: listGoodFor,
    });
    const isCurrent =
      previous !== undefined &&
      saysTheSame(previous, next) &&
      now < (parseTime(previous.issued_at) ?? 0) + SIGN_AGAIN_AFTER &&
      previous.root.signature === root.signature;
    if (isCurrent) return previous;
    const list = await signStatement({ ...next }, DEFAULT_ALGORITHM, (digest) =>
      directory.sign(root.directory_key, digest),
    );
    const document = readSignedKeyList({ root, list }, roots); // what readers would refuse is not stored
    if (!(await writeList(store, document, snapshot.listUpdateTime))) await mustHaveNewer(next.sequence);
    else log.log('INFO', 'key_list_signed', { sequence: next.sequence, keys: next.keys.length });
    return next;
  }

  /** Another run stored its list first, or this one's answer was lost: either way there must be one as new. */
  async function mustHaveNewer(sequence: number): Promise<void> {
    const { list } = await readStatements(store);
    const stored = list === undefined ? undefined : readKnown(list);
    if (stored !== undefined && stored.sequence >= sequence) return;
    throw new Fault('dependency_unavailable', 'The key list could not be stored right now.');
  }

  /** Public keys of versions that are listed already come from the list; KMS is asked for the others. */
  async function withPublicKeys({ enabled, previous }: Snapshot) {
    const listed = new Map((previous?.keys ?? []).map((key) => [key.key_version, key]));
    return Promise.all(
      enabled.map(async (version) => {
        const known = listed.get(version.keyVersion);
        if (known !== undefined) return { ...version, pem: known.pem, kid: known.kid };
        const { pem, kid } = readPublicKey(await source.readPem(version.keyVersion), version.algorithm);
        return { ...version, pem, kid };
      }),
    );
  }

  async function disable({ enabled }: Snapshot, ended: ReadonlySet<string>): Promise<string[]> {
    const due = enabled.map(({ keyVersion }) => keyVersion).filter((keyVersion) => ended.has(keyVersion));
    for (const keyVersion of due) await administrator.disableVersion(keyVersion);
    return due;
  }
}

const revokedOf = ({ revoked }: Pick<KeyListClaims, 'revoked'>) =>
  new Set(revoked.map(({ key_version }) => key_version));

const numberOf = ({ keyVersion }: KeyVersion) => Number(keyVersion.slice(keyVersion.lastIndexOf('.') + 1));
