import { appendFileSync, closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Change } from './database.ts';
import type { Snapshot } from './databases.ts';
import type { StoredDocument } from './writes.ts';

/** Documents in a file: a line of JSON for each change, `[database, path, document or null]`, the last of a path holding. */
export interface Journal {
  /** What the file held when it was opened. */
  readonly snapshot: Snapshot;
  /** One line for a commit, so that half a line at the end is a commit that nobody was told of. */
  append(database: string, changes: readonly Change[]): void;
  close(): Promise<void>;
}

type Entry = readonly [path: string, document: StoredDocument | null];
type Line = readonly [database: string, entries: readonly Entry[]];

/** Reads the file and writes it anew with what still holds, so that it grows no longer than a run. */
export async function openJournal(file: string): Promise<Journal> {
  const snapshot = replay(await readFile(file, 'utf8').catch(() => ''));
  await mkdir(dirname(file), { recursive: true });
  const lines = Object.entries(snapshot).map(([database, documents]) =>
    write([database, documents.map((document): Entry => [document.path, document])]),
  );
  await writeFile(`${file}.new`, lines.join(''), { mode: 0o600 });
  await rename(`${file}.new`, file);
  const descriptor = openSync(file, 'a');
  return {
    snapshot,
    append(database, changes) {
      if (changes.length === 0) return;
      const entries = changes.map(({ path, document }): Entry => [path, document ?? null]);
      appendFileSync(descriptor, write([database, entries]));
    },
    close: async () => closeSync(descriptor),
  };
}

const write = (line: Line) => `${JSON.stringify(line, bytesToJson)}\n`;

function replay(text: string): Snapshot {
  const databases = new Map<string, Map<string, StoredDocument>>();
  // What is behind the last line break was never finished.
  for (const line of text.split('\n').slice(0, -1)) {
    const [database, entries]: Line = JSON.parse(line, bytesFromJson);
    const documents = databases.get(database) ?? new Map<string, StoredDocument>();
    databases.set(database, documents);
    for (const [path, document] of entries) {
      if (document === null) documents.delete(path);
      else documents.set(path, document);
    }
  }
  return Object.fromEntries([...databases].map(([name, documents]) => [name, [...documents.values()]]));
}

/** Buffers turn themselves into `{ type: 'Buffer', data: […] }`; doubles that JSON lacks are written as strings. */
function bytesToJson(key: string, value: unknown): unknown {
  return key === 'doubleValue' && typeof value === 'number' ? doubleToJson(value) : value;
}

const doubleToJson = (value: number) =>
  Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? '-0' : String(value);

function bytesFromJson(key: string, value: unknown): unknown {
  if (key === 'doubleValue' && typeof value === 'string') return Number(value);
  if (
    key === 'bytesValue' &&
    typeof value === 'object' &&
    value !== null &&
    'data' in value &&
    Array.isArray(value.data)
  ) {
    return Buffer.from(value.data);
  }
  return value;
}
