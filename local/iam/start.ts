import { type KeyObject, randomBytes, sign } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import type { Caller } from '#local/caller.ts';
import { method } from '#local/grpc/method.ts';
import { loadService } from '#local/grpc/protos.ts';
import { type GrpcListeners, startGrpc } from '#local/grpc/server.ts';
import { GrpcError, invalidArgument } from '#local/grpc/status.ts';
import type { Recorder } from '#local/recorder.ts';
import { type AccountKeys, createAccountKeys } from './account-keys.ts';

const ACCOUNT = /^projects\/-\/serviceAccounts\/([^/@]+@[^/@]+)$/;
const GET_ACCESS_TOKEN = 'iam.serviceAccounts.getAccessToken';
const SIGN_BLOB = 'iam.serviceAccounts.signBlob';

const signBlobRequest = z.object({
  name: z.string(),
  delegates: z.array(z.string()),
  payload: z.instanceof(Buffer),
});

const accessTokenRequest = z.object({
  name: z.string(),
  delegates: z.array(z.string()),
  scope: z.array(z.string()).min(1),
  lifetime: z.object({ seconds: z.coerce.number().min(1).max(3600) }).nullable(),
});

export interface IamOptions {
  /** One listener each. */
  readonly callers: readonly Caller[];
  readonly recorder: Recorder;
}

export interface Iam extends GrpcListeners {
  /** What verifies the signatures of this account: RSASSA-PKCS1-v1_5 over SHA-256, 2048 bits. */
  publicKey(email: string): Promise<KeyObject>;
}

/**
 * IAM Credentials on loopback: SignBlob with a key for each service account, and GenerateAccessToken, whose tokens no
 * stand-in reads, since there the listener is the identity. The permission is checked on the account that signs or is
 * impersonated, `projects/-/serviceAccounts/EMAIL`, which may be the caller itself.
 */
export async function startIam({ callers, recorder }: IamOptions): Promise<Iam> {
  const keys = createAccountKeys();
  const listeners = await startGrpc({
    name: 'iam',
    definition: await loadService(
      '@google-cloud/iam-credentials/build/protos/protos.json',
      'google.iam.credentials.v1.IAMCredentials',
    ),
    methods: { SignBlob: signBlob(keys), GenerateAccessToken: generateAccessToken },
    callers,
    recorder,
  });
  return {
    ...listeners,
    async publicKey(email) {
      const { publicKey } = await keys.of(email);
      return publicKey;
    },
  };
}

function signBlob(keys: AccountKeys) {
  return method(
    signBlobRequest,
    async ({ name, delegates, payload }, caller: Caller) => {
      const email = accountOf(name);
      admit(caller, SIGN_BLOB, name, delegates);
      const key = await keys.of(email);
      return { keyId: key.id, signedBlob: await promisify(sign)('sha256', payload, key.privateKey) };
    },
    'signedBlob',
  );
}

const generateAccessToken = method(
  accessTokenRequest,
  ({ name, delegates, lifetime }, caller: Caller) => {
    accountOf(name);
    admit(caller, GET_ACCESS_TOKEN, name, delegates);
    const seconds = Math.floor(Date.now() / 1000) + (lifetime?.seconds ?? 3600);
    return { accessToken: `local.${randomBytes(24).toString('base64url')}`, expireTime: { seconds } };
  },
  'accessToken',
);

function admit(caller: Caller, permission: string, name: string, delegates: readonly string[]): void {
  if (delegates.length > 0) throw invalidArgument('This stand-in does not implement delegates.');
  if (caller.may(permission, name)) return;
  throw new GrpcError('PERMISSION_DENIED', `Permission '${permission}' denied on resource (or it may not exist).`);
}

/** The project must be the wildcard: Google refuses a project's id there. */
function accountOf(name: string): string {
  const [, email] = ACCOUNT.exec(name) ?? [];
  if (email === undefined) throw invalidArgument(`The resource name '${name}' is malformed.`);
  return email;
}
