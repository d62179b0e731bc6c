import { crc32c } from '@node-rs/crc32';
import * as z from 'zod';
import { invalidArgument } from '#local/grpc/status.ts';

/** google.protobuf.Int64Value, the form of every CRC32C in Cloud KMS; null when the sender left it out. */
export const int64Value = z.object({ value: z.string() }).nullable();

export const checksumOf = (data: Uint8Array) => ({ value: String(crc32c(data)) });

/**
 * Whether the sender gave a checksum, which is what the `verified…` flags of an answer say.
 *
 * @param field the name of the data's field as the proto writes it, e.g. `plaintext`
 * @throws GrpcError INVALID_ARGUMENT if there is one and it does not fit the data
 */
export function verifyChecksum(field: string, data: Uint8Array, given: z.infer<typeof int64Value>): boolean {
  if (given === null) return false;
  if (given.value !== checksumOf(data).value) {
    throw invalidArgument(`The checksum in field ${field}_crc32c did not match the data in field ${field}.`);
  }
  return true;
}
