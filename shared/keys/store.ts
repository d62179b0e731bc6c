import * as z from 'zod';
import {
  CommitError,
  type Document,
  type DocumentStore,
  type Query,
  type UpdateTime,
  type Write,
} from '../store/store.ts';

/**
 * The keys' own database, which key-rotation alone may write: the directory statement that a root ceremony leaves
 * there, the newest signed list, and the versions that were reported compromised. Statements are kept as JSON texts, so
 * that what was signed comes back to the letter.
 */
const paths = {
  directory: 'statements/directory',
  list: 'statements/list',
  revoked: (keyVersion: string) => `revoked_keys/${keyVersion}`,
  rotation: (keyVersion: string) => `key_rotations/${keyVersion}`,
} as const;

/** More than thirty years of monthly rotations. */
const MAX_KEYS = 500;

export const keyQueries = {
  revokedKeys: (): Query => ({ collection: 'revoked_keys', where: [], limit: MAX_KEYS }),
} as const;

const statementFields = z.object({ json: z.string() });
const revokedFields = z.object({ revoked_at: z.number().int() });

export interface StoredStatements {
  /** What the last root ceremony left; undefined before the first. */
  readonly root: unknown;
  /** Of the newest list, unchecked; undefined before the first rotation. */
  readonly list: unknown;
  readonly listUpdateTime: UpdateTime | undefined;
}

const parsed = (document: Document | undefined): unknown =>
  document === undefined ? undefined : JSON.parse(statementFields.parse(document.fields).json);

export async function readStatements(store: Pick<DocumentStore, 'get'>): Promise<StoredStatements> {
  const [root, list] = await store.get([paths.directory, paths.list]);
  return { root: parsed(root), list: parsed(list), listUpdateTime: list?.updateTime };
}

/** Stores what a root ceremony signed; a repeated one replaces it. */
export async function writeDirectory(store: Pick<DocumentStore, 'commit'>, root: object): Promise<void> {
  await store.commit([{ op: 'set', path: paths.directory, fields: { json: JSON.stringify(root) } }]);
}

/**
 * Stores the next list, unless another run has stored one since the last was read.
 * @returns whether it was stored, as far as the answer tells
 */
export async function writeList(
  store: Pick<DocumentStore, 'commit'>,
  list: object,
  replaces: UpdateTime | undefined,
): Promise<boolean> {
  const fields = { json: JSON.stringify(list) };
  const write: Write =
    replaces === undefined
      ? { op: 'create', path: paths.list, fields }
      : { op: 'update', path: paths.list, fields, lastUpdateTime: replaces };
  return committed(store, write);
}

export async function readRevoked(
  store: Pick<DocumentStore, 'query'>,
): Promise<readonly { readonly keyVersion: string; readonly at: number }[]> {
  const found = await store.query(keyQueries.revokedKeys());
  return found.map(({ id, fields }) => ({ keyVersion: id, at: revokedFields.parse(fields).revoked_at }));
}

export async function writeRevoked(
  store: Pick<DocumentStore, 'commit'>,
  keyVersion: string,
  fields: { readonly revoked_at: number; readonly reason: string },
): Promise<void> {
  await store.commit([{ op: 'set', path: paths.revoked(keyVersion), fields }]);
}

/** Milliseconds after which a run that reserved the making of a version, and made none, is taken to have died. */
const RESERVATION = 10 * 60_000;

/**
 * Reserves the making of the version that follows the newest, so that two runs at once make one.
 * @returns whether this run may make it; when in doubt the next run will
 */
export async function reserveNext(
  store: Pick<DocumentStore, 'get' | 'commit'>,
  newest: string | undefined,
  now: number,
): Promise<boolean> {
  const path = paths.rotation(newest ?? 'first');
  const [held] = await store.get([path]);
  const reservedAt = held?.fields['reserved_at'];
  if (typeof reservedAt === 'number' && now < reservedAt + RESERVATION) return false;
  const fields = { reserved_at: now };
  return committed(
    store,
    held === undefined
      ? { op: 'create', path, fields }
      : { op: 'update', path, fields, lastUpdateTime: held.updateTime },
  );
}

async function committed(store: Pick<DocumentStore, 'commit'>, write: Write): Promise<boolean> {
  try {
    await store.commit([write]);
    return true;
  } catch (error) {
    if (error instanceof CommitError) return false;
    throw error;
  }
}
