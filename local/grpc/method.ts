import type * as z from 'zod';
import type { Caller } from '#local/caller.ts';
import { invalidArgument } from './status.ts';

/** One unary RPC of a stand-in. */
export interface Method {
  readonly run: (request: unknown, caller: Caller) => Promise<object>;
  /** The field of the answer that the fault CORRUPT damages: the data whose checksum or signature the client checks. */
  readonly payload: string | undefined;
}

/**
 * @param request the fields that the method reads; anything else in the message is ignored
 * @param run answers with the response message, or throws a GrpcError
 */
export function method<Request>(
  request: z.ZodType<Request>,
  run: (request: Request, caller: Caller) => object | Promise<object>,
  payload?: string,
): Method {
  return {
    payload,
    async run(message, caller) {
      const parsed = request.safeParse(message);
      if (!parsed.success) throw invalidArgument(`Invalid request: ${parsed.error.message}`);
      return run(parsed.data, caller);
    },
  };
}

/** A copy of the response with one bit of its payload flipped and its checksums unchanged. */
export function damage(answer: object, payload: string | undefined): object {
  const copy = new Map(Object.entries(answer));
  const data: unknown = payload === undefined ? undefined : copy.get(payload);
  if (payload === undefined || (typeof data !== 'string' && !(data instanceof Uint8Array))) return answer;
  const bytes = Buffer.from(data);
  if (bytes.length === 0) return answer;
  const middle = bytes.length >> 1;
  bytes.writeUInt8(bytes.readUInt8(middle) ^ 1, middle);
  copy.set(payload, typeof data === 'string' ? bytes.toString() : bytes);
  return Object.fromEntries(copy);
}

/** A copy of the request with one bit of its first piece of data flipped and its checksums unchanged. */
export function damageRequest(request: unknown): unknown {
  let flipped = false;
  const copy = (value: unknown): unknown => {
    if (value instanceof Uint8Array) {
      const bytes = Buffer.from(value);
      if (flipped || bytes.length === 0) return bytes;
      flipped = true;
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1, 0);
      return bytes;
    }
    return mapMembers(value, (member) => copy(member));
  };
  return copy(request);
}

/** A copy of the request as if the sender had left its CRC32C fields out. */
export const withoutChecksums = (request: unknown): unknown =>
  mapMembers(request, (member, name) => (name.endsWith('Crc32c') ? null : member));

function mapMembers(value: unknown, change: (member: unknown, name: string) => unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, change(member, name)]));
}
