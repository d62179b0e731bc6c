/** Signs as one service account, with a key that Google holds. */
export interface BlobSigner {
  /** Email of the service account. */
  readonly email: string;
  /**
   * RSASSA-PKCS1-v1_5 over SHA-256 of the text in UTF-8.
   * @throws Fault `dependency_unavailable`
   */
  sign(text: string): Promise<Uint8Array>;
}
