import { createPrivateKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Private keys for one run. Making an RSA-4096 key takes seconds, so they are kept on disk and the next run uses
 * them again: in the same order, never one twice.
 */
export interface RsaKeys {
  /** The next key of this size. */
  take(bits: number): Promise<KeyObject>;
}

/**
 * @param directory made if it does not exist, and readable by its owner alone, as are the PEM files in it. Several
 *   processes may share it.
 */
export function createRsaKeys(directory: string): RsaKeys {
  const taken = new Map<number, number>();
  return {
    async take(bits) {
      const number = (taken.get(bits) ?? 0) + 1;
      taken.set(bits, number);
      const file = join(directory, `rsa-${bits}-${String(number).padStart(4, '0')}.pem`);
      return createPrivateKey((await read(file)) ?? (await generate(file, directory, bits)));
    },
  };
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written beside its place and renamed into it, so that another process never reads half a key. */
async function generate(file: string, directory: string, bits: number): Promise<string> {
  const { privateKey: pem } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, pem, { mode: 0o600 });
  await rename(draft, file);
  return pem;
}
