import { verify } from 'node:crypto';
import { connect, createServer, type Server } from 'node:net';
import type { IAMCredentialsClient } from '@google-cloud/iam-credentials';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { createCaller } from '#local/caller.ts';
import { type Iam, startIam } from '#local/iam/start.ts';
import { createRecorder, type Recorder } from '#local/recorder.ts';
import { CALLS_PER_CHANNEL, createIamChannels, createIamSigner, type IamChannels } from '#shared/gcp/iam.ts';
import { isFault } from '#shared/model/errors.ts';

const [SIGNER, OTHER] = ['signer@p.iam.gserviceaccount.com', 'other@p.iam.gserviceaccount.com'];
const CHANNELS = 3;

const recorder = createRecorder();
let meet: () => Promise<void> = async () => undefined;
/** Counts and fails as always, and has every call wait for the others when told to. */
const meeting: Recorder = {
  ...recorder,
  async enter(service, method) {
    const verdict = await recorder.enter(service, method);
    await meet();
    return verdict;
  },
};

let iam: Iam;
let channels: IamChannels;
beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const grants = [['iam.serviceAccounts.signBlob', `projects/-/serviceAccounts/${SIGNER}`]] as const;
  iam = await startIam({ callers: [createCaller(SIGNER, grants)], recorder: meeting });
  channels = createIamChannels(CHANNELS, iam.address(SIGNER));
});
afterEach(() => {
  recorder.forgetFaults();
  recorder.forgetCalls();
  meet = async () => undefined;
});
afterAll(async () => {
  await channels.close();
  await iam.close();
  vi.unstubAllEnvs();
});

const listen = (server: Server) =>
  new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });

const calls = () => recorder.calls()['iam.SignBlob'];
const fault = async (promise: Promise<unknown>) => {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!isFault(error)) throw new Error('expected a Fault', { cause: error });
  return { code: error.code, retryAfter: error.retryAfter };
};

describe('a signature', () => {
  test("verifies with the account's key, over the text in UTF-8", async () => {
    const signer = createIamSigner(channels, SIGNER);
    const text = 'GOOG4-RSA-SHA256\nä\u{1f600}';
    const signature = await signer.sign(text);
    expect(signature).toHaveLength(256);
    expect(verify('sha256', Buffer.from(text), await iam.publicKey(SIGNER), signature)).toBe(true);
    expect(signer.email).toBe(SIGNER);
    expect(calls()).toBe(1);
  });

  test.each(['UNAVAILABLE', 'DEADLINE_EXCEEDED', 'INTERNAL'])('is asked for again after %s', async (code) => {
    recorder.inject({ service: 'iam', method: 'SignBlob', code, times: 2 });
    const signature = await createIamSigner(channels, SIGNER).sign('text');
    expect(verify('sha256', Buffer.from('text'), await iam.publicKey(SIGNER), signature)).toBe(true);
    expect(calls()).toBe(3);
  });

  test('is given up on after four attempts', async () => {
    recorder.inject({ service: 'iam', method: 'SignBlob', code: 'UNAVAILABLE' });
    const refused = await fault(createIamSigner(channels, SIGNER).sign('text'));
    expect(refused).toEqual({ code: 'dependency_unavailable', retryAfter: 2 });
    expect(calls()).toBe(4);
  });

  test('is not asked for again when asking is wrong', async () => {
    expect(await fault(createIamSigner(channels, OTHER).sign('text'))).toMatchObject({
      code: 'dependency_unavailable',
    });
    recorder.inject({ service: 'iam', method: 'SignBlob', code: 'RESOURCE_EXHAUSTED', times: 1 });
    expect(await fault(createIamSigner(channels, SIGNER).sign('text'))).toMatchObject({
      code: 'dependency_unavailable',
    });
    expect(calls()).toBe(2);
  });
});

describe('an answer that broke', () => {
  const failingOnce = (error: Error): Pick<IamChannels, 'run'> => {
    let failed = false;
    return {
      run(call) {
        if (failed) return channels.run(call);
        failed = true;
        return Promise.reject(error);
      },
    };
  };

  test.each([
    ['by its text', new Error('Invalid response body while trying to fetch a token: Premature close')],
    ['by its code', Object.assign(new Error('aborted'), { code: 'ERR_STREAM_PREMATURE_CLOSE' })],
  ])('too early is known %s and asked for again', async (_, error) => {
    expect(await createIamSigner(failingOnce(error), SIGNER).sign('text')).toHaveLength(256);
    expect(calls()).toBe(1);
  });

  test('in another way is not', async () => {
    const refused = await fault(createIamSigner(failingOnce(new Error('a bug')), SIGNER).sign('text'));
    expect(refused).toMatchObject({ code: 'dependency_unavailable' });
    expect(calls()).toBeUndefined();
  });
});

describe('channels', () => {
  test('have a connection each, and carry a hundred calls on it, all at the same time', async () => {
    const [host = '', port] = iam.address(SIGNER).split(':');
    let connections = 0;
    const between = createServer((socket) => {
      connections += 1;
      const onward = connect(Number(port), host);
      socket.pipe(onward).pipe(socket);
      for (const end of [socket, onward]) end.on('error', () => undefined);
    });
    const own = createIamChannels(CHANNELS, `127.0.0.1:${await listen(between)}`);
    const expected = CHANNELS * CALLS_PER_CHANNEL;
    // No call is answered before the last has come.
    let arrived = 0;
    const { promise: all, resolve: open } = Promise.withResolvers<void>();
    meet = () => {
      arrived += 1;
      if (arrived === expected) open();
      return all;
    };

    // With a longer deadline than a signer's, since 300 calls at once take a busy machine longer.
    const sign = (client: IAMCredentialsClient, text: string) =>
      client.signBlob(
        { name: `projects/-/serviceAccounts/${SIGNER}`, payload: Buffer.from(text) },
        { timeout: 25_000 },
      );
    const answers = await Promise.all(
      Array.from({ length: expected }, (_, index) => own.run((client) => sign(client, `text ${index}`))),
    );
    const signatures = answers.map(([{ signedBlob }]) => Buffer.from(signedBlob ?? '').toString('hex'));
    expect(new Set(signatures).size).toBe(expected);
    expect([calls(), connections]).toEqual([expected, CHANNELS]);
    await own.close();
    between.close();
  });

  test('share the work evenly, and get it back when a call fails', async () => {
    const used: unknown[] = [];
    const hold = () => {
      let fail = () => {};
      const held = channels.run((client) => {
        used.push(client);
        return new Promise((_, reject) => {
          fail = () => reject(new Error('failed'));
        });
      });
      return { fail, done: held.catch(() => undefined) };
    };
    const first = Array.from({ length: CHANNELS }, hold);
    expect(new Set(used).size).toBe(CHANNELS);
    first[1]?.fail();
    await first[1]?.done;
    const next = hold();
    expect(used[CHANNELS]).toBe(used[1]);
    for (const { fail } of [...first, next]) fail();
    await Promise.all([...first, next].map(({ done }) => done));
  });
});
