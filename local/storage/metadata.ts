import * as z from 'zod';
import type { Attributes } from './model.ts';
import { StorageError } from './storage-error.ts';

const text = z.string().nullish();
const settable = {
  contentType: text,
  contentEncoding: text,
  contentDisposition: text,
  contentLanguage: text,
  cacheControl: text,
};

/** The part of an object resource that an upload may carry; what the service sets itself is passed over. */
export const objectInsert = z.object({
  ...settable,
  name: text,
  metadata: z.record(z.string(), z.coerce.string()).nullish(),
  crc32c: text,
  md5Hash: text,
});

/** JSON merge patch (RFC 7396): null takes a member away, one that is absent stays. */
export const objectPatch = z.object({
  ...settable,
  metadata: z.record(z.string(), z.string().nullable()).nullish(),
});

export type ObjectInsert = z.infer<typeof objectInsert>;
export type ObjectPatch = z.infer<typeof objectPatch>;

export function inserted({ metadata, ...rest }: ObjectInsert): Attributes {
  return patched({}, { ...rest, metadata });
}

export function patched(current: Attributes, patch: ObjectPatch): Attributes {
  const { metadata = {}, ...given } = patch;
  const settings = Object.keys(settable).flatMap((key): [string, string][] => {
    const values: Readonly<Record<string, unknown>> = { ...current, ...defined(given) };
    const value = values[key];
    return typeof value === 'string' ? [[key, value]] : [];
  });
  const custom = metadata === null ? {} : defined({ ...current.metadata, ...metadata });
  const kept = Object.entries(custom).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return {
    ...Object.fromEntries(settings),
    ...(kept.length === 0 ? {} : { metadata: Object.fromEntries(kept) }),
  };
}

/** Without the members that are undefined, so that spreading it overwrites nothing with nothing. */
export function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> };
export function defined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

/** @throws StorageError invalid, naming the member */
export function parse<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new StorageError('invalid', `Invalid value for ${result.error.issues[0]?.path.join('.') ?? 'the resource'}`);
}
