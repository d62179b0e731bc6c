/** Seals a webhook's secret; who can seal cannot open. */
export interface SecretSealer {
  /** @param webhookId to which the secret is bound @returns base64 @throws Fault `dependency_unavailable` */
  seal(secret: Uint8Array, webhookId: string): Promise<string>;
}

/** Opens what was sealed for the same webhook. */
export interface SecretOpener {
  /**
   * @returns undefined for what was sealed for another webhook, or damaged
   * @throws Fault `dependency_unavailable`
   */
  open(sealed: string, webhookId: string): Promise<Uint8Array | undefined>;
}
