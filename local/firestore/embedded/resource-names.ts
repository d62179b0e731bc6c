import { invalidArgument } from '#local/grpc/status.ts';

const MAX_SEGMENT_BYTES = 1_500;
const DATABASE = /^projects\/([^/]+)\/databases\/([^/]+)$/;
const DOCUMENTS = /^(projects\/[^/]+\/databases\/[^/]+)\/documents(?:\/(.+))?$/s;

export interface DatabaseName {
  readonly project: string;
  readonly id: string;
}

/** @param name `projects/P/databases/D` */
export function parseDatabase(name: string): DatabaseName {
  const [, project, id] = DATABASE.exec(name) ?? [];
  if (project === undefined || id === undefined) throw invalidArgument(`Invalid database name: "${name}".`);
  return { project, id };
}

/**
 * @param name `projects/P/databases/D/documents` or a document below it
 * @returns the database's name, and the path below `documents`, empty for the root
 */
export function parseParent(name: string): { readonly database: string; readonly path: string } {
  const [, database, path = ''] = DOCUMENTS.exec(name) ?? [];
  if (database === undefined) throw invalidArgument(`Document name "${name}" lacks "/documents".`);
  if (path !== '') checkDocumentPath(path);
  return { database, path };
}

/**
 * @param name `projects/P/databases/D/documents/COLLECTION/ID…`
 * @param database the only database that it may be in
 * @returns the path below `documents`
 */
export function parseDocument(name: string, database: string): string {
  const root = `${database}/documents/`;
  if (!name.startsWith(root)) throw invalidArgument(`Document name "${name}" is not in the database "${database}".`);
  const path = name.slice(root.length);
  checkDocumentPath(path);
  return path;
}

/** By Firestore's documentation, "Quotas and limits: collections, documents, and fields". */
function checkDocumentPath(path: string): void {
  const segments = path.split('/');
  if (segments.length % 2 !== 0) throw invalidArgument(`Document name "${path}" has an odd number of segments.`);
  segments.forEach(checkId);
}

/** @throws GrpcError INVALID_ARGUMENT for what can be no id of a document or a collection */
export function checkId(id: string): void {
  if (id === '') throw invalidArgument('A collection or document id must not be empty.');
  if (id === '.' || id === '..') throw invalidArgument(`"${id}" is no id.`);
  if (id.includes('/')) throw invalidArgument(`The id "${id}" contains a slash.`);
  if (/^__.*__$/s.test(id)) throw invalidArgument(`The id "${id}" is reserved.`);
  if (Buffer.byteLength(id) > MAX_SEGMENT_BYTES)
    throw invalidArgument(`An id is longer than ${MAX_SEGMENT_BYTES} bytes.`);
}

/** The collection's path and the document's id. */
export function splitPath(path: string): readonly [collection: string, id: string] {
  const cut = path.lastIndexOf('/');
  return [path.slice(0, cut), path.slice(cut + 1)];
}

/** Indexes and TTL policies are declared for collections of this id, wherever they are. */
export const collectionId = (collection: string): string => collection.slice(collection.lastIndexOf('/') + 1);
