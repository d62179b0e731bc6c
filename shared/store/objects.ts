/** The ports to the object store. They are small, since no account has the rights for more than one or two of them. */

export interface ObjectMetadata {
  /** The version of the object; opaque, for preconditions only. */
  readonly generation: string;
  /** The version of its metadata; opaque as well. */
  readonly metageneration: string;
  /** Bytes. */
  readonly size: number;
  /** Custom metadata that the creator set. */
  readonly custom: Readonly<Record<string, string>>;
}

export interface NewObject {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** CRC32C of `bytes`, computed before they are sent. */
  readonly crc32c: number;
  readonly custom: Readonly<Record<string, string>>;
}

export interface ObjectCreator {
  /**
   * Creates an object that must not exist yet. The call is retried when its response is lost, so the name must be one that
   * no other caller can use.
   * @throws Fault `dependency_unavailable` when it is unknown whether the object exists
   */
  create(object: NewObject): Promise<ObjectMetadata>;
}

export interface ObjectFinder {
  /** Reads metadata only, which needs no right to the content. @throws Fault `dependency_unavailable` */
  find(name: string): Promise<ObjectMetadata | undefined>;
}

export interface ObjectReader {
  /**
   * Reads the whole content and verifies its checksum. To an account without the right to list, a missing object and a
   * forbidden one look the same.
   * @throws Fault `not_found` for both; `dependency_unavailable`
   */
  read(name: string): Promise<{ readonly bytes: Buffer; readonly generation: string }>;
}

/** Changes custom metadata under a precondition, which makes it a place for a claim. It gives no right to the bytes. */
export interface ObjectLabeller {
  /** @throws Fault `not_found` as of `ObjectReader`; `dependency_unavailable` */
  inspect(name: string): Promise<ObjectMetadata>;
  /**
   * Sets labels, and removes those that are null.
   * @returns undefined when the object or its metadata has changed since `seen`, perhaps by this call: its response
   *   may have been lost
   * @throws Fault `not_found`, `dependency_unavailable`
   */
  label(
    name: string,
    seen: ObjectMetadata,
    labels: Readonly<Record<string, string | null>>,
  ): Promise<ObjectMetadata | undefined>;
}

export interface ObjectRemover {
  /**
   * Deletes the object, or this generation of it. Deleting a missing object is not an error.
   * @throws DeletionDeniedError; Fault `dependency_unavailable`
   */
  remove(name: string, generation?: string): Promise<void>;
}
