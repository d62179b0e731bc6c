/**
 * What sealing costs: seal and open, the object's CRC32C included and the KMS not, beside AES-256-GCM of the same Node
 * in 64 KiB updates in the same run, and the memory of one call in a process of its own.
 *
 *     npm run bench envelope
 *
 * Raw AES-GCM hands out pieces; sealing and opening give one buffer. So raw is measured twice, its output dropped and
 * its output joined, and the last column is what raw and CRC32C one after the other would reach without any copy.
 */
import { spawnSync } from 'node:child_process';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32c } from '#shared/crypto/crc32c.ts';
import { type KeyUnwrapper, type KeyWrapper, open, seal } from '#shared/crypto/envelope.ts';
import { createReport } from './report.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [KIB, 64 * KIB, 10 * MIB];
const ROUNDS = 101;
/** A sample covers at least this much, so that the clock's own cost vanishes in it. */
const SAMPLE_BYTES = MIB;
const UPDATE_BYTES = 64 * KIB;

const associatedData = Buffer.from('countersign/task-payload/v1:bench');
const keys: KeyWrapper & KeyUnwrapper = {
  wrap: async (dek) => ({ wrapped: Uint8Array.from(dek), keyVersion: 'bench' }),
  unwrap: async (wrapped) => Uint8Array.from(wrapped),
};

type Operation = () => unknown;
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

async function operations(size: number): Promise<Record<string, Operation>> {
  const [plaintext, key, iv] = [randomBytes(size), randomBytes(32), randomBytes(12)];
  const encipher = () => createCipheriv('aes-256-gcm', key, iv).setAAD(associatedData);
  const first = encipher();
  const ciphertext = collected(first, plaintext);
  const tag = first.getAuthTag();
  const decipher = () => createDecipheriv('aes-256-gcm', key, iv).setAAD(associatedData).setAuthTag(tag);
  const { blob, crc32c: checksum } = await seal(plaintext, associatedData, keys);
  return {
    encrypt: () => pieces(encipher(), plaintext, () => {}),
    encryptCollected: () => collected(encipher(), plaintext),
    seal: () => seal(plaintext, associatedData, keys),
    decrypt: () => pieces(decipher(), ciphertext, () => {}),
    decryptCollected: () => collected(decipher(), ciphertext),
    open: () => {
      if (crc32c(blob) !== checksum) throw new Error('the blob was damaged');
      return open(blob, associatedData, keys);
    },
    crc: () => crc32c(blob),
  };
}

/** Median nanoseconds a call. The operations take turns, so that what slows the machine down slows them all. */
async function measure(named: Record<string, Operation>, size: number): Promise<(name: string) => number> {
  const repeats = Math.max(1, Math.floor(SAMPLE_BYTES / size));
  const samples = new Map<string, number[]>(Object.keys(named).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [name, operation] of Object.entries(named)) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < repeats; i += 1) await operation();
      samples.get(name)?.push(Number(process.hrtime.bigint() - start) / repeats);
    }
  }
  return (name) => samples.get(name)?.sort((a, b) => a - b)[ROUNDS >> 1] ?? Number.NaN;
}

const label = (size: number) => (size < MIB ? `${size / KIB} KiB` : `${size / MIB} MiB`);

async function speed(size: number) {
  const median = await measure(await operations(size), size);
  const row = (operation: string, raw: string) => ({
    size: label(size),
    operation,
    'MB/s': Math.round((size * 1000) / median(operation)),
    'raw, output dropped': Math.round((size * 1000) / median(raw)),
    ratio: Number((median(raw) / median(operation)).toFixed(2)),
    'raw, output joined': Math.round((size * 1000) / median(`${raw}Collected`)),
    'ratio to joined': Number((median(`${raw}Collected`) / median(operation)).toFixed(2)),
    'CRC32C alone': Math.round((size * 1000) / median('crc')),
    'ratio of raw + CRC32C': Number((median(raw) / (median(raw) + median('crc'))).toFixed(2)),
  });
  return [row('seal', 'encrypt'), row('open', 'decrypt')];
}

function readInput(size: number): Buffer {
  const input = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size; ) {
    const read = readSync(0, input, at, size - at, null);
    if (read === 0) throw new Error('the input ended early');
    at += read;
  }
  return input;
}

/**
 * Linux's high-water mark of this program alone. `resourceUsage().maxRSS` starts at what the parent had when it forked,
 * so it serves only where there is no /proc.
 */
function highWaterBytes(): number {
  if (process.platform !== 'linux') return process.resourceUsage().maxRSS * KIB;
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * KIB;
}

/** In the child: how far one call, its input included, raises the peak over what the process had before. */
async function growth(operation: string, size: number): Promise<number> {
  const before = process.memoryUsage.rss();
  const input = readInput(size);
  if (operation === 'seal') await seal(input, associatedData, keys);
  else await open(input, associatedData, keys);
  return highWaterBytes() - before;
}

async function peak(operation: 'seal' | 'open', size: number) {
  const plaintext = randomBytes(size);
  const input = operation === 'seal' ? plaintext : (await seal(plaintext, associatedData, keys)).blob;
  const child = [fileURLToPath(import.meta.url), operation, String(input.length)];
  const { stdout, status } = spawnSync(process.execPath, child, { input, stdio: ['pipe', 'pipe', 'inherit'] });
  if (status !== 0) throw new Error(`the child ended with ${status}`);
  const bytes = Number(stdout);
  return {
    size: label(size),
    operation,
    'peak MiB': Number((bytes / MIB).toFixed(1)),
    'x payload': Number((bytes / size).toFixed(2)),
  };
}

const [operation, size] = process.argv.slice(2);
if (operation !== undefined) {
  process.stdout.write(String(await growth(operation, Number(size))));
} else {
  const report = createReport('envelope');
  const rows = [];
  for (const bytes of SIZES) rows.push(...(await speed(bytes)));
  report.table(`Medians of ${ROUNDS} interleaved rounds`, rows);
  report.table('Memory of one call', [await peak('seal', 10 * MIB), await peak('open', 10 * MIB)]);
  report.finish();
}
