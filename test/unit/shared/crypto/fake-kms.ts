import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { KeyUnwrapper, KeyWrapper } from '#shared/crypto/envelope.ts';
import { Fault } from '#shared/model/errors.ts';

export const associatedData = Buffer.from('countersign/task-payload/v1:0190', 'utf8');
export const keyVersion = 'projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1';
export const IV = 12;
const TAG = 16;

/** A KMS of a few lines: AES-256-GCM under a key of its own, as a real one would do it. It keeps what it was given. */
export function fakeKms() {
  const kek = randomBytes(32);
  const given: { copy: Buffer; original: Uint8Array }[] = [];
  const returned: Uint8Array[] = [];
  const wrapper: KeyWrapper = {
    async wrap(dek) {
      given.push({ copy: Buffer.from(dek), original: dek });
      const iv = randomBytes(IV);
      const cipher = createCipheriv('aes-256-gcm', kek, iv);
      return { wrapped: Buffer.concat([iv, cipher.update(dek), cipher.final(), cipher.getAuthTag()]), keyVersion };
    },
  };
  const unwrapper: KeyUnwrapper = {
    async unwrap(wrapped) {
      if (wrapped.length < IV + TAG) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', kek, wrapped.subarray(0, IV));
      decipher.setAuthTag(wrapped.subarray(-TAG));
      try {
        const dek = Buffer.concat([decipher.update(wrapped.subarray(IV, -TAG)), decipher.final()]);
        returned.push(dek);
        return dek;
      } catch {
        return undefined;
      }
    },
  };
  return { wrapper, unwrapper, given, returned };
}

/** Says that any bytes wrap this DEK. */
export const unwrapsTo = (dek: Uint8Array): KeyUnwrapper => ({ unwrap: async () => Buffer.from(dek) });

export async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw new Error('expected a Fault', { cause: error });
  return error;
}
