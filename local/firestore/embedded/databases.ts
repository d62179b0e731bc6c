import { notFound } from '#local/grpc/status.ts';
import type { Clock } from '#shared/model/clock.ts';
import { type Change, createDatabase, type Database } from './database.ts';
import type { IndexConfig } from './index-config.ts';
import { parseDatabase } from './resource-names.ts';
import type { StoredDocument } from './writes.ts';

const DAY = 24 * 60 * 60 * 1_000;

export interface DatabasesOptions {
  /** The databases that every project has, by their ids, with their indexes. */
  readonly configs: Readonly<Record<string, IndexConfig>>;
  readonly clock: Clock;
  /** Milliseconds from the time that a TTL policy names to the deletion. Default: a day, the longest that Google documents. */
  readonly ttlDelay?: number;
  readonly onChange?: (database: string, changes: readonly Change[]) => void;
}

/** Documents as they were stored, by the name of their database. */
export type Snapshot = Readonly<Record<string, readonly StoredDocument[]>>;

export interface Databases {
  /** @param name `projects/P/databases/D` @throws GrpcError NOT_FOUND, as the service answers for a database never made */
  open(name: string): Database;
  restore(snapshot: Snapshot): void;
}

/** Every project there might be, each with the same databases, empty until they are written to. */
export function createDatabases(options: DatabasesOptions): Databases {
  const { configs, clock, ttlDelay = DAY, onChange = () => undefined } = options;
  const databases = new Map<string, Database>();

  function open(name: string): Database {
    const held = databases.get(name);
    if (held !== undefined) return held;
    const { project, id } = parseDatabase(name);
    const config = configs[id];
    if (config === undefined) throw notFound(`The database ${id} does not exist for project ${project}.`);
    const database = createDatabase({ name, config, clock, ttlDelay, onChange: (changes) => onChange(name, changes) });
    databases.set(name, database);
    return database;
  }

  return {
    open,
    restore(snapshot) {
      for (const [name, documents] of Object.entries(snapshot)) open(name).restore(documents);
    },
  };
}
