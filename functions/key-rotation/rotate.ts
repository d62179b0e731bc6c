import { type Archive, archivedDocument, archivePaths } from '#shared/keys/archive.ts';
import type { KeyAdministrator, KeySource } from '#shared/keys/key-source.ts';
import { deriveStates, dueForArchive, type KeyPeriods, type VersionWithState } from '#shared/keys/lifecycle.ts';
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

export interface RotationResult {
  readonly signing: string | null;
  readonly created?: string;
  readonly archived: readonly string[];
  /** How many versions KMS has enabled, for the dashboard. */
  readonly active: number;
}

/** Milliseconds after which a run that reserved a version and created none is considered crashed. */
const RESERVATION = 10 * 60_000;

/**
 * Rotates the signing key. Every step reads the current state and may be repeated, so a run finishes what an
 * interrupted one left. A public key is archived before its version is disabled: KMS returns no public key of a
 * disabled version.
 */
export function createRotate({ source, administrator, store, readArchive, clock, periods }: RotateOptions) {
  return async (): Promise<RotationResult> => {
    const now = clock.now();
    const [enabled, { archived, revoked }] = await Promise.all([source.listVersions(), readArchive()]);
    const retired = new Set([...archived.map(({ keyVersion }) => keyVersion), ...revoked]);
    const placed = deriveStates(
      enabled.filter(({ keyVersion }) => !retired.has(keyVersion)),
      now,
      periods,
    );

    // Archived or revoked already, by a run or an operator that did not get as far as disabling them in KMS.
    for (const { keyVersion } of enabled) if (retired.has(keyVersion)) await administrator.disableVersion(keyVersion);

    const due = dueForArchive(placed, now, periods);
    for (const version of due) await archive(version, now);

    const created = isRotationDue(placed, now) ? await createNextVersion(placed[0], now) : undefined;
    return {
      signing: placed.find(({ state }) => state === 'signing')?.keyVersion ?? null,
      ...(created === undefined ? {} : { created }),
      archived: due.map(({ keyVersion }) => keyVersion),
      active: placed.length - due.length + (created === undefined ? 0 : 1),
    };
  };

  function isRotationDue([newest]: readonly VersionWithState[], now: number): boolean {
    return newest === undefined || newest.createdAt + periods.rotateAfter * 1000 <= now;
  }

  async function archive(version: VersionWithState, now: number): Promise<void> {
    const { keyVersion, algorithm, createdAt } = version;
    const pem = await source.readPem(keyVersion);
    const publishedUntil = now + periods.longestValidity * 1000;
    const fields = archivedDocument({ keyVersion, algorithm, pem, createdAt, archivedAt: now, publishedUntil });
    await createIfAbsent(archivePaths.archived(keyVersion), fields);
    await administrator.disableVersion(keyVersion);
  }

  /** Concurrent runs create one version: the reservation document named after the newest version is created only once. */
  async function createNextVersion(newest: VersionWithState | undefined, now: number): Promise<string | undefined> {
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
        if (error instanceof CommitError) return false; // another run has it, or the next run will try again
        throw error;
      },
    );
  }

  async function createIfAbsent(path: string, fields: ReturnType<typeof archivedDocument>): Promise<void> {
    try {
      await store.commit([{ op: 'create', path, fields }]);
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      const [document] = await store.get([path]);
      if (document === undefined) throw error;
    }
  }
}
