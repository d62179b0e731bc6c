import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const UPDATE_BYTES = 64 * 1024;
const associatedData = Buffer.from('countersign/task-payload/v1:bench');
const keys = {
  wrap: async (dek: Uint8Array) => ({ wrapped: Uint8Array.from(dek), keyVersion: 'bench' }),
  unwrap: async (wrapped: Uint8Array) => Uint8Array.from(wrapped),
};

/** shared/crypto/envelope.ts and crc32c.ts, of this tree or of another one. */
export type EnvelopeFormat = Pick<typeof import('#shared/crypto/envelope.ts'), 'seal' | 'open'> &
  Pick<typeof import('#shared/crypto/crc32c.ts'), 'crc32c'>;

export type Operation = () => unknown;
type Cipher = Pick<ReturnType<typeof createCipheriv>, 'update' | 'final'>;

function pieces(cipher: Cipher, data: Buffer, take: (piece: Buffer) => void): void {
  for (let at = 0; at < data.length; at += UPDATE_BYTES) take(cipher.update(data.subarray(at, at + UPDATE_BYTES)));
  take(cipher.final());
}

function collected(cipher: Cipher, data: Buffer): Buffer {
  const all: Buffer[] = [];
  pieces(cipher, data, (piece) => all.push(piece));
  return Buffer.concat(all);
}

/** The KMS is instant. */
export const sealed = ({ seal }: Pick<EnvelopeFormat, 'seal'>, plaintext: Buffer) =>
  seal(plaintext, associatedData, keys);
export const opened = ({ open }: Pick<EnvelopeFormat, 'open'>, blob: Uint8Array) => open(blob, associatedData, keys);

/** Seal, open with the check of the object's CRC32C, and what they are compared with, each on the same random bytes. */
export async function operations(size: number, format: EnvelopeFormat) {
  const [plaintext, key, iv] = [randomBytes(size), randomBytes(32), randomBytes(12)];
  const encipher = () => createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData);
  const first = encipher();
  const ciphertext = collected(first, plaintext);
  const tag = first.getAuthTag();
  const decipher = () => createDecipheriv('aes-256-gcm', key, iv).setAAD(associatedData).setAuthTag(tag);
  const { blob, crc32c: checksum } = await sealed(format, plaintext);
  return {
    encrypt: () => pieces(encipher(), plaintext, () => {}),
    encryptCollected: () => collected(encipher(), plaintext),
    seal: () => sealed(format, plaintext),
    decrypt: () => pieces(decipher(), ciphertext, () => {}),
    decryptCollected: () => collected(decipher(), ciphertext),
    open: () => {
      if (format.crc32c(blob) !== checksum) throw new Error('the blob was damaged');
      return opened(format, blob);
    },
    crc: () => format.crc32c(blob),
  };
}

/** A sample covers at least this much, so that the clock's own cost vanishes in it. */
const SAMPLE_BYTES = 1024 * 1024;

/** Median nanoseconds a call. The operations take turns, so that what slows the machine down slows them all. */
export async function medianNanoseconds<Name extends string>(
  named: Readonly<Record<Name, Operation>>,
  size: number,
  rounds: number,
): Promise<(name: Name) => number> {
  const repeats = Math.max(1, Math.floor(SAMPLE_BYTES / size));
  const samples = new Map<string, number[]>(Object.keys(named).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, operation] of Object.entries<Operation>(named)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < repeats; i += 1) await operation();
      samples.get(name)?.push(Number(process.hrtime.bigint() - start) / repeats);
    }
  }
  return (name) => samples.get(name)?.sort((a, b) => a - b)[rounds >> 1] ?? Number.NaN;
}
