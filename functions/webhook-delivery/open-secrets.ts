import { LRUCache } from 'lru-cache';
import { Sensitive } from '#shared/model/sensitive.ts';
import { signingSecrets, type Webhook } from '#shared/model/webhook.ts';
import type { SecretOpener } from '#shared/webhooks/secret-sealer.ts';

/** Secrets in memory, 32 bytes each, and milliseconds for which they stay there. */
const MAX_SECRETS = 1_000;
const REMEMBERED = 300_000;

/**
 * Opens the secrets that sign for an endpoint at a moment, the newest first. One that cannot be opened is left out.
 * @throws Fault `dependency_unavailable`, from the returned function
 */
export function createOpenSecrets(opener: SecretOpener) {
  const opened = new LRUCache<string, Sensitive<Uint8Array>>({ max: MAX_SECRETS, ttl: REMEMBERED });

  async function open(sealed: string, webhookId: string): Promise<Uint8Array | undefined> {
    const key = `${webhookId} ${sealed}`;
    const known = opened.get(key);
    if (known !== undefined) return known.reveal();
    const secret = await opener.open(sealed, webhookId);
    if (secret !== undefined) opened.set(key, new Sensitive(secret));
    return secret;
  }

  return async (webhook: Webhook, now: number): Promise<readonly Uint8Array[]> => {
    const secrets = await Promise.all(signingSecrets(webhook, now).map(({ sealed }) => open(sealed, webhook.id)));
    return secrets.filter((secret) => secret !== undefined);
  };
}
