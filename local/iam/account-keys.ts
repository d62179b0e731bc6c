import { createHash, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export interface AccountKey {
  /** 40 hex digits, as Google's key ids are. */
  readonly id: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** One RSA-2048 key for each service account, generated on first use and kept in memory only. */
export interface AccountKeys {
  of(email: string): Promise<AccountKey>;
}

export function createAccountKeys(): AccountKeys {
  const keys = new Map<string, Promise<AccountKey>>();
  return {
    of(email) {
      const key = keys.get(email) ?? generate();
      keys.set(email, key);
      return key;
    },
  };
}

async function generate(): Promise<AccountKey> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  const publicKey = createPublicKey(privateKey);
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { id: createHash('sha256').update(der).digest('hex').slice(0, 40), privateKey, publicKey };
}
