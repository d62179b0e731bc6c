import { type Archive, archivedDocument, archivePaths } from '#shared/keys/archive.ts';
import type { KeyAdministrator, KeySource } from '#shared/keys/key-source.ts';
import { dueForArchive, type KeyPeriods, type PlacedVersion, placeVersions } from '#shared/keys/lifecycle.ts';
import type { Clock } from '#shared/model/clock.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

export interface RotateOptions {
  readonly source: KeySource;
  readonly administrator: KeyAdministrator;
  readonly store: DocumentStore;
  readonly readArchive: () => Promise<Archive>;
  readonly clock: Clock;
  readonly periods: KeyPeriods;
}

export interface Rotated {
  readonly signing: string | null;
  readonly created?: string;
  readonly archived: readonly string[];
  /** How many versions KMS has enabled, for the dashboard. */
  readonly active: number;
}

/** Milliseconds after which a run that reserved the making of a version, and made none, is taken to have died. */
const RESERVATION = 10 * 60_000;

/**
 * Rolls the signing key on. Every step looks at what is there and may be repeated: a public key is archived before its
 * version is disabled, since KMS tells no public key of a disabled one, and what an interrupted run left is finished.
 */
export function createRotate({ source, administrator, store, readArchive, clock, periods }: RotateOptions) {
  return async (): Promise<Rotated> => {
    const now = clock.now();
    const [enabled, { archived, revoked }] = await Promise.all([source.listVersions(), readArchive()]);
    const gone = new Set([...archived.map(({ keyVersion }) => keyVersion), ...revoked]);
    const placed = placeVersions(
      enabled.filter(({ keyVersion }) => !gone.has(keyVersion)),
      now,
      periods,
    );

    // Archived or revoked by a run, or by hand, that did not get as far as KMS.
    for (const { keyVersion } of enabled) if (gone.has(keyVersion)) await administrator.disableVersion(keyVersion);

    const due = dueForArchive(placed, now, periods);
    for (const version of due) await archive(version, now);

    const created = isTimeForNext(placed, now) ? await createNext(placed[0], now) : undefined;
    return {
      signing: placed.find(({ state }) => state === 'signing')?.keyVersion ?? null,
      ...(created === undefined ? {} : { created }),
      archived: due.map(({ keyVersion }) => keyVersion),
      active: placed.length - due.length + (created === undefined ? 0 : 1),
    };
  };

  function isTimeForNext([newest]: readonly PlacedVersion[], now: number): boolean {
    return newest === undefined || newest.createdAt + periods.rotateAfter * 1000 <= now;
  }

  async function archive(version: PlacedVersion, now: number): Promise<void> {
    const { keyVersion, algorithm, createdAt } = version;
    const pem = await source.readPem(keyVersion);
    const publishedUntil = now + periods.longestValidity * 1000;
    const fields = archivedDocument({ keyVersion, algorithm, pem, createdAt, archivedAt: now, publishedUntil });
    await createUnlessThere(archivePaths.archived(keyVersion), fields);
    await administrator.disableVersion(keyVersion);
  }

  /** Two runs at once make one version: the document that follows the newest version can be created only once. */
  async function createNext(newest: PlacedVersion | undefined, now: number): Promise<string | undefined> {
    const path = archivePaths.rotation(newest?.keyVersion ?? 'first');
    return (await reserve(path, now)) ? administrator.createVersion() : undefined;
  }

  async function reserve(path: string, now: number): Promise<boolean> {
    const [held] = await store.get([path]);
    const reservedAt = held?.fields['reserved_at'];
    if (typeof reservedAt === 'number' && now < reservedAt + RESERVATION) return false;
    const fields = { reserved_at: now };
    const write =
      held === undefined
        ? { op: 'create' as const, path, fields }
        : { op: 'update' as const, path, fields, lastUpdateTime: held.updateTime };
    return store.commit([write]).then(
      () => true,
      (error) => {
        if (error instanceof CommitError) return false; // somebody else has it, or the next run will try again
        throw error;
      },
    );
  }

  async function createUnlessThere(path: string, fields: ReturnType<typeof archivedDocument>): Promise<void> {
    try {
      await store.commit([{ op: 'create', path, fields }]);
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      const [document] = await store.get([path]);
      if (document === undefined) throw error;
    }
  }
}
