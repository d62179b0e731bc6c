/**
 * The document store as the domain sees it: documents by path, queries and writes as data. What a write requires of
 * the document is part of the write, so that the seat protocol's table of commits can be read off the code.
 */

/** What a document's fields hold. Integers are exact within ±(2^53 - 1), other numbers are doubles. */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [field: string]: FieldValue };

export type Fields = Readonly<Record<string, FieldValue>>;

/** When a document last changed, as the store tells it; opaque, good for preconditions only. */
export type UpdateTime = { readonly seconds: string; readonly nanos: number };

export interface Document {
  readonly path: string;
  /** The last segment of the path. */
  readonly id: string;
  readonly fields: Fields;
  readonly updateTime: UpdateTime;
}

/** What must hold of a document for a write to it to be applied. */
export type Precondition = { readonly exists: boolean } | { readonly lastUpdateTime: UpdateTime };

/**
 * One write. `create` requires that the document does not exist, `update` that it does, `set` and `merge` nothing.
 * `fields` of an update or a merge replace those named and leave the others; a `maximum` raises a number and never
 * lowers it, and like an `increment` begins at nothing where there was none. `deleteAfter` (milliseconds since the
 * epoch) lets the store remove the document by itself some time after.
 */
export type Write =
  | { readonly op: 'create' | 'set'; readonly path: string; readonly fields: Fields; readonly deleteAfter?: number }
  | {
      readonly op: 'update';
      readonly path: string;
      readonly fields: Fields;
      readonly maximum?: Readonly<Record<string, number>>;
      readonly increment?: Readonly<Record<string, number>>;
      readonly lastUpdateTime?: UpdateTime;
    }
  | {
      readonly op: 'merge';
      readonly path: string;
      readonly fields: Fields;
      readonly maximum?: Readonly<Record<string, number>>;
      readonly increment?: Readonly<Record<string, number>>;
      readonly deleteAfter?: number;
    }
  | { readonly op: 'delete'; readonly path: string; readonly precondition?: Precondition };

export type Filter = readonly [field: string, op: '==' | '<' | '<=' | '>' | '>=', value: FieldValue];

/** A query as data, so that the index it needs can be derived from it. */
export interface Query {
  /** The collection's path, e.g. `sessions` or `licenses/L/seats`. */
  readonly collection: string;
  readonly where: readonly Filter[];
  readonly orderBy?: readonly (readonly [field: string, direction: 'asc' | 'desc'])[];
  readonly limit: number;
  /** Continues behind a document: the values of the ordering fields, then its path. */
  readonly startAfter?: readonly FieldValue[];
}

export interface DocumentReader {
  /** The documents in the order of the paths; undefined where there is none. One RPC. */
  get(paths: readonly string[]): Promise<readonly (Document | undefined)[]>;
  query(query: Query): Promise<readonly Document[]>;
  /** How many documents match; the limit does not count. */
  count(query: Omit<Query, 'limit'>): Promise<number>;
}

/** Why a write or a commit failed. `unknown`: it may or may not have been applied. */
export type WriteFailure = 'already_exists' | 'not_found' | 'precondition_failed' | 'unknown';

/**
 * A commit that was not acknowledged. No failure code proves that the commit was not applied: when the network sends a
 * request twice, the second one fails on the effects of the first. Callers read the documents before they conclude
 * anything.
 */
export class CommitError extends Error {
  readonly failure: WriteFailure;

  constructor(failure: WriteFailure, cause: unknown) {
    super(`the commit failed: ${failure}`, { cause });
    this.name = 'CommitError';
    this.failure = failure;
  }
}

export interface DocumentWriter {
  /**
   * Applies all writes or none, in one RPC, sent once.
   * @throws CommitError; TypeError when a document is in it twice
   */
  commit(writes: readonly Write[]): Promise<void>;
  /**
   * Applies each write on its own, in one RPC, sent once.
   * @returns for each write, in order, undefined when it was applied
   */
  writeEach(writes: readonly Write[]): Promise<readonly (WriteFailure | undefined)[]>;
}

/** Numbers that many instances add to. */
export interface Counter {
  /**
   * Adds to a number, making the document if there is none, in one RPC.
   * @param deleteAfter milliseconds since the epoch
   * @returns the sum
   */
  add(path: string, field: string, amount: number, deleteAfter: number): Promise<number>;
}

export type DocumentStore = DocumentReader & DocumentWriter;
