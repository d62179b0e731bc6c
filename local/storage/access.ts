import type { Caller } from '#local/caller.ts';
import { StorageError } from './storage-error.ts';

/** The name under which IAM knows a bucket; objects are below it. */
const bucketResource = (bucket: string): string => `projects/_/buckets/${bucket}`;

/**
 * Refuses, in the service's words, what the caller has no right to.
 *
 * @param object absent for rights on the bucket itself, such as storage.objects.list
 * @throws StorageError access_denied
 */
export function authorize(caller: Caller, permission: string, bucket: string, object?: string): void {
  if (!may(caller, permission, bucket, object))
    throw denied(caller, permission, object === undefined ? 'bucket' : 'object');
}

export function may(caller: Caller, permission: string, bucket: string, object?: string): boolean {
  const resource = bucketResource(bucket);
  return caller.may(permission, object === undefined ? resource : `${resource}/objects/${object}`);
}

export function denied(caller: Caller, permission: string, what: 'bucket' | 'object' | 'project'): StorageError {
  const on = what === 'project' ? 'Google Cloud project' : `Google Cloud Storage ${what}`;
  return new StorageError(
    'access_denied',
    `${caller.email} does not have ${permission} access to the ${on}. Permission '${permission}' denied on resource (or it may not exist).`,
  );
}
