/**
 * What sealing costs: seal and open, the object's CRC32C included and the KMS not, beside AES-256-GCM of the same Node
 * in 64 KiB updates in the same run, and the memory of one call in a process of its own.
 *
 *     npm run bench envelope
 *
 * Raw AES-GCM hands out pieces; sealing and opening give one buffer. So raw is measured twice, its output dropped and
 * its output joined; and the last column holds seal and open against the two passes that no way of doing it can spare: raw
 * AES-GCM with its output dropped, then the CRC32C.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { crc32c } from '#shared/crypto/crc32c.ts';
import { open, seal } from '#shared/crypto/envelope.ts';
import { medianNanoseconds, opened, operations, sealed } from './envelope/operations.ts';
import { createReport } from './report.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SIZES = [KIB, 64 * KIB, 10 * MIB];
const ROUNDS = 101;
const FORMAT = { seal, open, crc32c };

const label = (size: number) => (size < MIB ? `${size / KIB} KiB` : `${size / MIB} MiB`);

async function speed(size: number) {
  const median = await medianNanoseconds(await operations(size, FORMAT), size, ROUNDS);
  const row = (operation: 'seal' | 'open', raw: 'encrypt' | 'decrypt') => ({
    size: label(size),
    operation,
    'MB/s': Math.round((size * 1000) / median(operation)),
    'raw, output dropped': Math.round((size * 1000) / median(raw)),
    ratio: Number((median(raw) / median(operation)).toFixed(2)),
    'raw, output joined': Math.round((size * 1000) / median(`${raw}Collected`)),
    'ratio to joined': Number((median(`${raw}Collected`) / median(operation)).toFixed(2)),
    'CRC32C alone': Math.round((size * 1000) / median('crc')),
    'ratio to raw, then CRC32C': Number(((median(raw) + median('crc')) / median(operation)).toFixed(2)),
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
  if (operation === 'seal') await sealed(FORMAT, input);
  else await opened(FORMAT, input);
  return highWaterBytes() - before;
}

async function peak(operation: 'seal' | 'open', size: number) {
  const plaintext = randomBytes(size);
  const input = operation === 'seal' ? plaintext : (await sealed(FORMAT, plaintext)).blob;
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
