import { GrpcError, invalidArgument } from './status.ts';

/** A flag for compression, then the length: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX = 5;

/**
 * The one message of a unary request's body.
 * @throws GrpcError UNIMPLEMENTED for a compressed one, INVALID_ARGUMENT for what is no message
 */
export function readMessage(chunks: readonly Buffer[]): Buffer {
  const [first] = chunks;
  const body = chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks);
  if (body.length < PREFIX || body.readUInt32BE(1) !== body.length - PREFIX) {
    throw invalidArgument('The request is not one length-prefixed message.');
  }
  if (body[0] !== 0) throw new GrpcError('UNIMPLEMENTED', 'Compressed messages are not implemented here.');
  return body.subarray(PREFIX);
}

/** All messages of an answer in one piece, so that it is written, sent and read once. */
export function writeMessages(messages: readonly Buffer[]): Buffer {
  const body = Buffer.allocUnsafe(messages.reduce((sum, message) => sum + PREFIX + message.length, 0));
  let at = 0;
  for (const message of messages) {
    body[at] = 0;
    body.writeUInt32BE(message.length, at + 1);
    body.set(message, at + PREFIX);
    at += PREFIX + message.length;
  }
  return body;
}
