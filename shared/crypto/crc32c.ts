import { crc32c as nativeCrc32c } from '@node-rs/crc32';

/**
 * CRC32C (Castagnoli; RFC 3720 appendix B.4) of `data` as an unsigned 32-bit integer, as Cloud KMS has it in its
 * Int64Value messages. The native code runs at several GB/s, plain JavaScript at one. `zlib.crc32` has another
 * polynomial.
 *
 * @param previous the checksum of the preceding bytes, when the data comes in pieces
 */
export function crc32c(data: Uint8Array, previous = 0): number {
  return nativeCrc32c(data, previous);
}

/** A checksum as Cloud Storage writes it in `crc32c` and `x-goog-hash`: standard base64 of its four bytes, big-endian. */
export function crc32cToBase64(checksum: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(checksum);
  return bytes.toString('base64');
}
