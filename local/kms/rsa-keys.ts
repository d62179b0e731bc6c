import { createPrivateKey, generateKeyPair, type KeyObject, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Private keys for one run. Making an RSA-4096 key takes seconds, so they are kept on disk and the next run uses
 * them again: in the same order, never one twice.
 */
export interface RsaKeys {
  /**
   * Begins to make those of the first `count` keys that are not on disk, all at once: whichever is found first, is the
   * first. Answers how many that are, without waiting for them; `take` does.
   */
  prepare(bits: number, count: number): Promise<number>;
  /** Leaves out the next `count` keys: an earlier run has taken them for versions that are still there. */
  skip(bits: number, count: number): void;
  /** The next key of this size. */
  take(bits: number): Promise<KeyObject>;
}

/**
 * @param directory made if it does not exist, and readable by its owner alone, as are the PEM files in it. Several
 *   processes may share it.
 */
export function createRsaKeys(directory: string): RsaKeys {
  const taken = new Map<number, number>();
  const coming = new Map<string, Promise<string>>();
  const fileOf = (bits: number, number: number) =>
    join(directory, `rsa-${bits}-${String(number).padStart(4, '0')}.pem`);
  return {
    async prepare(bits, count) {
      const files = Array.from({ length: count }, (_, index) => fileOf(bits, index + 1));
      const kept = await Promise.all(files.map(exists));
      const missing = files.filter((file, index) => !kept[index] && !coming.has(file));
      const made = inOrderOfArrival(missing.map(() => generate(bits)));
      for (const [index, file] of missing.entries()) {
        const pem = Promise.resolve(made[index] ?? generate(bits)).then((text) => keep(text, file, directory));
        pem.catch(() => undefined); // whoever takes it learns of it
        coming.set(file, pem);
      }
      return missing.length;
    },
    skip(bits, count) {
      taken.set(bits, (taken.get(bits) ?? 0) + count);
    },
    async take(bits) {
      const number = (taken.get(bits) ?? 0) + 1;
      taken.set(bits, number);
      const file = fileOf(bits, number);
      const prepared = await coming.get(file);
      return createPrivateKey(prepared ?? (await read(file)) ?? (await keep(await generate(bits), file, directory)));
    },
  };
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** On a thread of libuv's pool, so that several are made at a time. */
async function generate(bits: number): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return privateKey;
}

/** Written beside its place and renamed into it, so that another process never reads half a key. */
async function keep(pem: string, file: string, directory: string): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, pem, { mode: 0o600 });
  await rename(draft, file);
  return pem;
}

/** As many promises, of which the first settles as the first of the others to settle does, and so on. */
function inOrderOfArrival<T>(pending: readonly Promise<T>[]): Promise<T>[] {
  const places = pending.map(() => Promise.withResolvers<T>());
  let next = 0;
  for (const one of pending) {
    one.then(
      (value) => places[next++]?.resolve(value),
      (error: unknown) => places[next++]?.reject(error),
    );
  }
  return places.map(({ promise }) => promise);
}
