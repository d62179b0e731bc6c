/**
 * The messages of google.firestore.v1 that are read here, as `loadService` decodes them: every field present, 64-bit
 * integers and enums as strings, an absent message null, and of a oneof only the member that was sent.
 */

export interface Timestamp {
  readonly seconds: string;
  readonly nanos: number;
}

/** Exactly one member is set. */
export interface Value {
  readonly nullValue?: 'NULL_VALUE';
  readonly booleanValue?: boolean;
  /** A decimal within 64 bits. */
  readonly integerValue?: string;
  readonly doubleValue?: number;
  readonly timestampValue?: Timestamp;
  readonly stringValue?: string;
  readonly bytesValue?: Buffer;
  readonly referenceValue?: string;
  readonly geoPointValue?: { readonly latitude: number; readonly longitude: number };
  readonly arrayValue?: { readonly values: readonly Value[] };
  readonly mapValue?: { readonly fields: Fields };
}

export type Fields = Readonly<Record<string, Value>>;

export interface Mask {
  readonly fieldPaths: readonly string[];
}

export interface FieldTransform {
  readonly fieldPath: string;
  readonly setToServerValue?: string;
  readonly increment?: Value;
  readonly maximum?: Value;
  readonly minimum?: Value;
  readonly appendMissingElements?: unknown;
  readonly removeAllFromArray?: unknown;
}

export interface Precondition {
  readonly exists?: boolean;
  readonly updateTime?: Timestamp;
}

/** Exactly one of `update`, `delete` and `transform` is set. */
export interface Write {
  readonly update?: { readonly name: string; readonly fields: Fields };
  readonly delete?: string;
  readonly transform?: unknown;
  readonly updateMask: Mask | null;
  readonly updateTransforms: readonly FieldTransform[];
  readonly currentDocument: Precondition | null;
}

/** What every request says about when to read. */
interface Consistency {
  readonly transaction?: Buffer;
  readonly newTransaction?: unknown;
  readonly readTime?: unknown;
}

export interface CommitRequest {
  readonly database: string;
  readonly writes: readonly Write[];
  readonly transaction: Buffer;
}

export interface BatchWriteRequest {
  readonly database: string;
  readonly writes: readonly Write[];
}

export interface BatchGetRequest extends Consistency {
  readonly database: string;
  readonly documents: readonly string[];
  readonly mask: Mask | null;
}

export interface GetRequest extends Consistency {
  readonly name: string;
  readonly mask: Mask | null;
}

export interface CreateRequest {
  readonly parent: string;
  readonly collectionId: string;
  readonly documentId: string;
  readonly document: { readonly fields: Fields } | null;
  readonly mask: Mask | null;
}

export interface ListRequest extends Consistency {
  readonly parent: string;
  readonly collectionId: string;
  readonly pageSize: number;
  readonly pageToken: string;
  readonly orderBy: string;
  readonly mask: Mask | null;
  readonly showMissing: boolean;
}

interface FieldReference {
  readonly fieldPath: string;
}

export interface FieldFilter {
  readonly field: FieldReference;
  readonly op: string;
  readonly value: Value;
}

/** Exactly one member is set. */
export interface Filter {
  readonly compositeFilter?: { readonly op: string; readonly filters: readonly Filter[] };
  readonly fieldFilter?: FieldFilter;
  readonly unaryFilter?: { readonly op: string; readonly field: FieldReference };
}

export type Direction = 'ASCENDING' | 'DESCENDING';

export interface Cursor {
  readonly values: readonly Value[];
  readonly before: boolean;
}

export interface StructuredQuery {
  readonly select: { readonly fields: readonly FieldReference[] } | null;
  readonly from: readonly { readonly collectionId: string; readonly allDescendants: boolean }[];
  readonly where: Filter | null;
  readonly orderBy: readonly { readonly field: FieldReference; readonly direction: string }[];
  readonly startAt: Cursor | null;
  readonly endAt: Cursor | null;
  readonly offset: number;
  readonly limit: { readonly value: number } | null;
  readonly findNearest: unknown;
}

export interface RunQueryRequest extends Consistency {
  readonly parent: string;
  readonly structuredQuery?: StructuredQuery;
  readonly explainOptions: unknown;
}

export interface Aggregation {
  readonly alias: string;
  readonly count?: { readonly upTo: { readonly value: string } | null };
  readonly sum?: unknown;
  readonly avg?: unknown;
}

export interface RunAggregationRequest extends Consistency {
  readonly parent: string;
  readonly structuredAggregationQuery?: {
    readonly structuredQuery?: StructuredQuery;
    readonly aggregations: readonly Aggregation[];
  };
  readonly explainOptions: unknown;
}
