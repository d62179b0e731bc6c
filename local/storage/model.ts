/** What a browser on another origin may do with a bucket; the member names of a bucket's `cors`. */
export interface CorsRule {
  readonly origin: readonly string[];
  readonly method: readonly string[];
  readonly responseHeader?: readonly string[] | undefined;
  readonly maxAgeSeconds?: number | undefined;
}

/** Settings of a bucket. Only `cors` has an effect here; the others are kept and shown, so that a test can read them. */
export interface BucketOptions {
  readonly projectId?: string;
  readonly location?: string;
  readonly cors?: readonly CorsRule[];
  readonly lifecycle?: { readonly rule: readonly unknown[] };
  readonly softDeletePolicy?: { readonly retentionDurationSeconds: string };
}

export interface Bucket {
  readonly name: string;
  readonly options: BucketOptions;
  /** Milliseconds since the Unix epoch, as all times here. */
  readonly createdAt: number;
}

/** What an uploader may say about an object besides its bytes. */
export interface Attributes {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly contentDisposition?: string;
  readonly contentLanguage?: string;
  readonly cacheControl?: string;
  /** Custom metadata; keys in lower case when they came as `x-goog-meta-` headers. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** One live object: its facts in memory, its bytes in a file. */
export interface StoredObject {
  readonly bucket: string;
  readonly name: string;
  readonly generation: number;
  readonly metageneration: number;
  readonly size: number;
  /** Base64 of the big-endian checksum. */
  readonly crc32c: string;
  /** Base64. */
  readonly md5: string;
  readonly attributes: Attributes;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Where the bytes are; another file for every generation. */
  readonly path: string;
}
