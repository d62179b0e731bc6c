import { constants, createPrivateKey, type KeyObject, privateEncrypt } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import type { Signed } from './signer.ts';

/** The DER of a DigestInfo for SHA-256, up to the digest itself (RFC 8017, section 9.2, note 1). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

interface SignRequest {
  readonly id: number;
  readonly pem: string;
  readonly digest: Uint8Array;
}

const keys = new Map<string, KeyObject>();

function keyOf(pem: string): KeyObject {
  const key = keys.get(pem) ?? createPrivateKey(pem);
  keys.set(pem, key);
  return key;
}

parentPort?.on('message', ({ id, pem, digest }: SignRequest) => {
  const encoded = Buffer.concat([SHA256_DIGEST_INFO, digest]);
  const signature = privateEncrypt({ key: keyOf(pem), padding: constants.RSA_PKCS1_PADDING }, encoded);
  const answer: Signed = { id, signature };
  parentPort?.postMessage(answer);
});
