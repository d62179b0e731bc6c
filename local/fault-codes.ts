import { status } from '@grpc/grpc-js';

/**
 * What an injected fault does to a call beside failing with a gRPC status. Each is something that a client meets in
 * production and that no status of the service describes.
 */
const BEYOND_STATUS = {
  /** The answer arrives with one bit of its data flipped; its checksums are the original's. */
  CORRUPT: 'CORRUPT',
  /** The request arrives with one bit of its data flipped; its checksums are as sent. */
  CORRUPT_REQUEST: 'CORRUPT_REQUEST',
  /** The request arrives without its checksums, so the service verifies none. */
  CHECKSUM_LOST: 'CHECKSUM_LOST',
  /** The connection ends without an answer; with `lost`, once the call has taken effect, in the middle of the answer. */
  DISCONNECT: 'DISCONNECT',
  /** The client got no access token, so it sent nothing. The stand-in answers what the client library would report. */
  TOKEN_UNAVAILABLE: 'TOKEN_UNAVAILABLE',
} as const;

/** Every code that `POST /faults` takes. */
export const FAULT_CODES: readonly string[] = [
  ...Object.keys(status).filter((name) => Number.isNaN(Number(name))),
  ...Object.keys(BEYOND_STATUS),
];

/** grpc-js reports a failed fetch of an access token in these words, with the status UNKNOWN. */
export const NO_TOKEN =
  'Getting metadata from plugin failed with error: Could not refresh access token: injected fault of the metadata server';
