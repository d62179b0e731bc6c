/**
 * The port to the document store: documents by path, queries and writes as data. A write includes its preconditions, so
 * that the table of commits in docs/seats.md corresponds to the code.
 */

/** The value of a field. Integers are exact within ±(2^53 - 1), other numbers are doubles. */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [field: string]: FieldValue };

export type Fields = Readonly<Record<string, FieldValue>>;

/** The time of a document's last change; opaque, for preconditions only. */
export type UpdateTime = { readonly seconds: string; readonly nanos: number };

export interface Document {
  readonly path: string;
  /** The last segment of the path. */
  readonly id: string;
  readonly fields: Fields;
  readonly updateTime: UpdateTime;
}

/** A condition on a document without which its write fails. */
export type Precondition = { readonly exists: boolean } | { readonly lastUpdateTime: UpdateTime };

/**
 * One write. `create` requires that the document does not exist, `update` that it exists; `set` and `merge` require
 * nothing. The `fields` of an update or merge replace the named fields and keep the others. `maximum` raises a number and
 * never lowers it; `maximum` and `increment` set an absent field. The store's TTL deletes the document some time after
 * `deleteAfter` (milliseconds since the epoch).
 */
export type Write =
  | { readonly op: 'create' | 'set'; readonly path: string; readonly fields: Fields; readonly deleteAfter?: number }
  | {
      readonly op: 'update';
      readonly path: string;
      readonly fields: Fields;
      readonly maximum?: Readonly<Record<string, number>>;
      readonly increment?: Readonly<Record<string, number>>;
      /** Fields that are removed; like those of `maximum` and `increment` they may lie within a map: `map.field`. */
      readonly remove?: readonly string[];
      readonly lastUpdateTime?: UpdateTime;
      readonly deleteAfter?: number;
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
  /** Continues after a document: the values of its ordering fields, then its path. */
  readonly startAfter?: readonly FieldValue[];
}

export interface DocumentReader {
  /** The documents in the order of the paths; undefined for a document that does not exist. One RPC. */
  get(paths: readonly string[]): Promise<readonly (Document | undefined)[]>;
  query(query: Query): Promise<readonly Document[]>;
  /** The number of matching documents. */
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

/** @param index of the write in its call */
export type Raised = (index: number, values: Readonly<Record<string, number>>) => void;

export interface DocumentWriter {
  /**
   * Applies all writes or none, in one RPC, sent once.
   * @throws CommitError; TypeError when a document is in it twice
   */
  commit(writes: readonly Write[]): Promise<void>;
  /**
   * Applies each write on its own, in one RPC, sent once.
   * @param raised told, for each write that was applied and has a `maximum`, the values that those fields have now
   * @returns for each write, in order: undefined when it was applied, or its failure
   */
  writeEach(writes: readonly Write[], raised?: Raised): Promise<readonly (WriteFailure | undefined)[]>;
}

/** Counters that several instances increment. */
export interface Counter {
  /**
   * Adds to numbers of one document in one RPC, and creates the document when it does not exist.
   * @param amounts the fields and what is added to each; an absent field counts as 0
   * @param deleteAfter milliseconds since the epoch
   * @returns the new values, in the order of `amounts`
   */
  add(
    path: string,
    amounts: readonly (readonly [field: string, amount: number])[],
    deleteAfter: number,
  ): Promise<readonly number[]>;
}

export type DocumentStore = DocumentReader & DocumentWriter;
