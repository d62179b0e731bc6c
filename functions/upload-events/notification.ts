import * as z from 'zod';
import type { PushedNotification } from '#shared/contract/upload-events.ts';
import { isJsonObject } from '#shared/model/json-text.ts';
import { readOriginMetadata, type UploadOrigin } from '#shared/model/upload-origin.ts';

/** An object that was uploaded with a URL of ours. */
export interface CompletedUpload extends UploadOrigin {
  readonly bucket: string;
  readonly object: string;
  /** Of the object's name: each upload of the same name makes another one. */
  readonly generation: string;
  /** Bytes. */
  readonly size: number;
  readonly contentType: string | null;
  /** In base64; null for an object that was composed of others. */
  readonly md5: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects#resource, in the member names of it. */
const resource = z.object({
  bucket: z.string(),
  name: z.string(),
  generation: z.string().regex(/^\d{1,20}$/),
  size: z.string().regex(/^\d{1,15}$/),
  contentType: z.string().optional(),
  md5Hash: z.string().optional(),
  timeCreated: z.iso.datetime({ offset: true }),
  metadata: z.unknown(),
});

const FINALIZED = 'OBJECT_FINALIZE';

/**
 * @param bucket the only one whose notifications count
 * @returns undefined for a notification of anything but an upload by a URL of ours
 */
export function readNotification({ message }: PushedNotification, bucket: string): CompletedUpload | undefined {
  if (message.attributes['eventType'] !== FINALIZED) return undefined;
  const { data: object } = resource.safeParse(jsonOf(message.data));
  if (object === undefined || object.bucket !== bucket) return undefined;
  const origin = readOriginMetadata(object.metadata);
  // A URL of ours leads below its tenant's prefix.
  if (origin === undefined || !object.name.startsWith(`${origin.tenantId}/`)) return undefined;
  return {
    ...origin,
    bucket,
    object: object.name,
    generation: object.generation,
    size: Number(object.size),
    contentType: object.contentType ?? null,
    md5: object.md5Hash ?? null,
    createdAt: Date.parse(object.timeCreated),
  };
}

function jsonOf(base64: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(base64, 'base64').toString());
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
