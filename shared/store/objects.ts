/** The object store as the domain sees it: small ports, since no account may use more than one or two of them. */

export interface ObjectMetadata {
  /** Which version of the object; opaque, good for preconditions only. */
  readonly generation: string;
  /** Bytes. */
  readonly size: number;
  /** What the creator said about it. */
  readonly custom: Readonly<Record<string, string>>;
}

export interface NewObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** CRC32C of `bytes`, taken before they went anywhere. */
  readonly crc32c: number;
  readonly custom: Readonly<Record<string, string>>;
}

export interface ObjectCreator {
  /**
   * Creates an object that must not exist yet. Sent again when its answer is lost, so the name must be one that nobody
   * else can come by.
   * @throws Fault `dependency_unavailable`: nobody knows whether it is there
   */
  create(object: NewObject): Promise<ObjectMetadata>;
}

export interface ObjectFinder {
  /** Metadata alone, which takes no right to the content. @throws Fault `dependency_unavailable` */
  find(name: string): Promise<ObjectMetadata | undefined>;
}

export interface ObjectReader {
  /**
   * The whole content, intact. An account that may not list is told the same of an object that is not there and of
   * one that it may not read, so this does not tell them apart either.
   * @throws Fault `not_found` for both; `dependency_unavailable`
   */
  read(name: string): Promise<{ readonly bytes: Buffer; readonly generation: string }>;
}

export interface ObjectRemover {
  /**
   * Deletes the object, or this generation of it. One that is gone already is no error.
   * @throws DeletionDeniedError; Fault `dependency_unavailable`
   */
  remove(name: string, generation?: string): Promise<void>;
}
