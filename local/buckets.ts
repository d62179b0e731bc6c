import { payloadRetention } from '#shared/model/payload-config.ts';
import type { Project } from './accounts.ts';
import type { LocalStorage } from './storage/start.ts';

/** What a bucket is made with, here and in production: terraform/buckets.json is written from it. */
export interface BucketSettings {
  /** What a web page on another origin may do with its objects by signed URL. */
  readonly cors?: {
    readonly method: readonly string[];
    /** Headers that a page may send beside the simple ones, and read from an answer. */
    readonly responseHeader: readonly string[];
    readonly maxAgeSeconds: number;
  };
  /** How long a deleted object can be had back. */
  readonly softDeleteSeconds: number;
}

export const BUCKETS = {
  /** Secrets: a payload that was deleted is gone. */
  payloads: { softDeleteSeconds: 0 },
  uploads: {
    softDeleteSeconds: 7 * 86_400,
    cors: {
      // DELETE cancels a resumable upload.
      method: ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'],
      responseHeader: [
        'Content-Disposition',
        'Content-MD5',
        'Content-Range',
        'Content-Type',
        'ETag',
        'Location',
        'Range',
        'x-goog-content-length-range',
        'x-goog-generation',
        'x-goog-hash',
        'x-goog-if-generation-match',
        'x-goog-meta-countersign-requested-by',
        'x-goog-meta-countersign-tenant',
        'x-goog-resumable',
      ],
      maxAgeSeconds: 3600,
    },
  },
} as const satisfies Readonly<Record<string, BucketSettings>>;

/** The project's buckets. Pages of every origin may use them here; in production those of `cors_origins`. */
export function createBuckets(storage: LocalStorage, project: Project): void {
  const { payloads, uploads } = BUCKETS;
  storage.createBucket(project.payloadBucket, {
    projectId: project.id,
    softDeletePolicy: { retentionDurationSeconds: String(payloads.softDeleteSeconds) },
    lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { age: payloadRetention.parse(undefined) } }] },
  });
  storage.createBucket(project.uploadBucket, {
    projectId: project.id,
    softDeletePolicy: { retentionDurationSeconds: String(uploads.softDeleteSeconds) },
    cors: [{ ...uploads.cors, origin: ['*'] }],
  });
}
