import { isDeepStrictEqual } from 'node:util';
import { failedPrecondition, GrpcError, invalidArgument, notFound } from '#local/grpc/status.ts';
import { MAX_TRANSFORMS, storable } from './document-limits.ts';
import { parseFieldPath, readField, writeField } from './field-paths.ts';
import type { Fields, Mask, Precondition, Timestamp, Value, Write } from './messages.ts';
import { transformed } from './transforms.ts';

/** Times in microseconds since the epoch. */
export interface StoredDocument {
  /** Below `documents`. */
  readonly path: string;
  readonly fields: Fields;
  readonly createTime: number;
  readonly updateTime: number;
}

/** What a write makes of its document. */
export interface Outcome {
  readonly path: string;
  /** Undefined: there is none any more. */
  readonly document: StoredDocument | undefined;
  /** The values that transforms gave, in their order. */
  readonly transformResults: readonly Value[];
}

export const toTimestamp = (micros: number): Timestamp => ({
  seconds: String(Math.floor(micros / 1_000_000)),
  nanos: (micros % 1_000_000) * 1_000,
});

/**
 * @param held the document as it is, undefined if there is none
 * @param now the time of the commit
 * @throws GrpcError when the precondition does not hold or the outcome cannot be stored
 */
export function applyWrite(path: string, write: Write, held: StoredDocument | undefined, now: number): Outcome {
  if (write.transform !== undefined) throw new GrpcError('UNIMPLEMENTED', 'Write.transform is not implemented here.');
  checkPrecondition(path, write.currentDocument, held);
  if (write.update === undefined) return { path, document: undefined, transformResults: [] };
  if (write.updateTransforms.length > MAX_TRANSFORMS) {
    throw invalidArgument(`A document takes at most ${MAX_TRANSFORMS} transforms in a commit.`);
  }
  const updated = update(held?.fields ?? {}, write.update.fields, write.updateMask);
  const { fields, results } = transform(updated, write, now);
  const stored = storable(path, fields);
  // A write that changes nothing leaves the update time as it was (write.proto, WriteResult.update_time).
  const unchanged = held !== undefined && isDeepStrictEqual(held.fields, stored);
  const document = unchanged ? held : { path, fields: stored, createTime: held?.createTime ?? now, updateTime: now };
  return { path, document, transformResults: results };
}

function checkPrecondition(path: string, precondition: Precondition | null, held: StoredDocument | undefined): void {
  if (precondition?.exists === true && held === undefined) throw notFound(`No document to update: ${path}`);
  if (precondition?.exists === false && held !== undefined) {
    throw new GrpcError('ALREADY_EXISTS', `Document already exists: ${path}`);
  }
  if (precondition?.updateTime === undefined) return;
  if (held === undefined || !isDeepStrictEqual(toTimestamp(held.updateTime), { ...precondition.updateTime })) {
    throw failedPrecondition(`The stored version of ${path} does not match the required base version.`);
  }
}

function update(held: Fields, fields: Fields, mask: Mask | null): Fields {
  if (mask === null) return fields;
  return mask.fieldPaths.reduce((result, text) => {
    const path = parseFieldPath(text);
    return writeField(result, path, readField(fields, path));
  }, held);
}

function transform(updated: Fields, { updateTransforms }: Write, now: number) {
  let fields = updated;
  const results: Value[] = [];
  for (const one of updateTransforms) {
    const path = parseFieldPath(one.fieldPath);
    const value = transformed(one, readField(fields, path), { timestampValue: toTimestamp(now) });
    fields = writeField(fields, path, value);
    results.push(value);
  }
  return { fields, results };
}
