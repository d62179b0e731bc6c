import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import * as z from 'zod';
import { createLicense } from '#local/demonstration.ts';
import { createSigner } from '#local/kms/signer.ts';
import { type Stack, startStack } from '#local/stack.ts';
import { createTokens, DEMO_TENANT } from '#local/tokens.ts';
import { median } from './storm.ts';

export interface HttpRow {
  readonly clients: number;
  readonly granted: number;
  /** Requests that got no seat or kept none, by what was asked, status and code, over all rounds. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Milliseconds until the last answer. */
  readonly total: number;
  /** Milliseconds that the same number of RSA-4096 signatures takes by itself, on the threads of the local KMS. */
  readonly rsa: number;
  readonly firestoreRpcs: number;
  readonly commits: number;
  readonly signatures: number;
  /** Milliseconds until the last answer to a heartbeat of every session. */
  readonly heartbeats: number;
  readonly heartbeatRpcs: number;
}

/** Acquire through the gateway with real signatures; clients, functions, KMS and gateway share this process. */
export async function overHttp(firestoreHost: string, clients: number, rounds: number): Promise<HttpRow> {
  const stack = await startStack({ directory: '.local/bench', port: 0, firestoreHost, log: () => undefined });
  try {
    const staff = (await createTokens(stack))['staff'] ?? '';
    const storms: Omit<HttpRow, 'clients' | 'rsa' | 'refusals'>[] = [];
    const refusals: Record<string, number> = {};
    // The first one warms up connections and code.
    for (let round = 0; round <= rounds; round += 1) {
      const { license_key } = await createLicense(stack.gateway, staff, DEMO_TENANT, clients);
      const machines = Array.from({ length: clients }, (_, index) => ({
        license_key,
        hardware_id: `machine-${index}`,
      }));
      const acquired = await timed(stack, 'acquire', machines);
      const sessions = acquired.answers.flatMap(({ session_id }) => (session_id === undefined ? [] : [{ session_id }]));
      const renewed = await timed(stack, 'heartbeat', sessions);
      // A busy machine refuses some: that is counted, and the others are measured.
      for (const refusal of [...acquired.refusals, ...renewed.refusals]) {
        refusals[refusal] = (refusals[refusal] ?? 0) + 1;
      }
      storms.push({
        granted: sessions.length,
        total: acquired.total,
        firestoreRpcs: acquired.calls('firestore.'),
        commits: acquired.calls('firestore.Commit'),
        signatures: acquired.calls('kms.AsymmetricSign'),
        heartbeats: renewed.total,
        heartbeatRpcs: renewed.calls('firestore.'),
      });
    }
    const measured = storms.slice(1);
    return {
      clients,
      granted: Math.min(...measured.map(({ granted }) => granted)),
      refusals,
      total: median(measured.map(({ total }) => total)),
      rsa: await signaturesAlone(clients, rounds),
      firestoreRpcs: median(measured.map(({ firestoreRpcs }) => firestoreRpcs)),
      commits: median(measured.map(({ commits }) => commits)),
      signatures: median(measured.map(({ signatures }) => signatures)),
      heartbeats: median(measured.map(({ heartbeats }) => heartbeats)),
      heartbeatRpcs: median(measured.map(({ heartbeatRpcs }) => heartbeatRpcs)),
    };
  } finally {
    await stack.close();
  }
}

/** All requests at once. */
async function timed({ gateway, recorder }: Stack, action: string, requests: readonly object[]) {
  recorder.forgetCalls();
  const start = performance.now();
  const answers = await Promise.all(requests.map((body) => post(`${gateway}/api/v1/licenses/${action}`, body)));
  const total = performance.now() - start;
  const calls = Object.entries(recorder.calls());
  return {
    total,
    answers,
    refusals: answers.flatMap(({ refusal }) => (refusal === undefined ? [] : [`${action}: ${refusal}`])),
    calls: (prefix: string) => calls.reduce((sum, [name, count]) => sum + (name.startsWith(prefix) ? count : 0), 0),
  };
}

interface Answer {
  readonly session_id?: string | undefined;
  /** Status and code, or why there was no answer. */
  readonly refusal?: string;
}

const answer = z.object({ session_id: z.string().optional(), code: z.string().optional() });

/** Never throws: a connection that breaks is a refusal, too. */
async function post(url: string, body: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const { session_id, code } = answer.parse(await response.json());
    return response.ok ? { session_id } : { refusal: `${response.status} ${code}` };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

async function signaturesAlone(count: number, rounds: number): Promise<number> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 4096 });
  const signer = createSigner();
  const totals: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const start = performance.now();
    await Promise.all(Array.from({ length: count }, () => signer.sign(privateKey, randomBytes(32))));
    totals.push(performance.now() - start);
  }
  await signer.close();
  return median(totals.slice(1));
}
