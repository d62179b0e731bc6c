import type { KeyManagementServiceClient } from '@google-cloud/kms';
import type { SecretOpener, SecretSealer } from '../webhooks/secret-sealer.ts';
import { createKmsUnwrapper, createKmsWrapper } from './kms-envelope.ts';

/** A secret is bound to its webhook: moved to another one's document, it opens nothing. */
const associated = (webhookId: string) => Buffer.from(`webhook:${webhookId}`);

/** @param cryptoKey `projects/P/locations/L/keyRings/R/cryptoKeys/K` */
export function createSecretSealer(
  client: Pick<KeyManagementServiceClient, 'encrypt'>,
  cryptoKey: string,
): SecretSealer {
  const wrapper = createKmsWrapper(client, cryptoKey);
  return {
    async seal(secret, webhookId) {
      const { wrapped } = await wrapper.wrap(secret, associated(webhookId));
      return Buffer.from(wrapped).toString('base64');
    },
  };
}

/** @param cryptoKey as for `createSecretSealer` */
export function createSecretOpener(
  client: Pick<KeyManagementServiceClient, 'decrypt'>,
  cryptoKey: string,
): SecretOpener {
  const unwrapper = createKmsUnwrapper(client, cryptoKey);
  return { open: (sealed, webhookId) => unwrapper.unwrap(Buffer.from(sealed, 'base64'), associated(webhookId)) };
}
