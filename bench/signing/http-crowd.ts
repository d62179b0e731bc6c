import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Stack } from '#local/stack.ts';
import type { TokenFormat } from '#shared/signing/sign-claims.ts';

/** What became of a crowd that asked all at once and came again when it was told to. */
export interface HttpCrowd {
  readonly licensed: number;
  /** Answers by status, those of repeated requests included; 0 is a connection that broke. */
  readonly answers: Readonly<Record<number, number>>;
  /** Answers 503 that say no time to come back. */
  readonly withoutRetryAfter: number;
  /** KMS calls. */
  readonly signatures: number;
  /** Milliseconds until the last one was licensed. */
  readonly total: number;
  /** Milliseconds until the last answer 503 to a first request. */
  readonly toldAfter: number;
}

export interface CrowdOrder {
  readonly licenseKey: string;
  readonly clients: number;
  readonly format: TokenFormat;
}

const answer = z.object({
  license_data: z.object({ signature: z.string() }).optional(),
  license_token: z.string().optional(),
});
const GIVEN_UP = 120_000;

/** All acquire at once through the gateway; who is answered 503 comes again after the time that it is told. */
export async function httpCrowd(stack: Stack, { licenseKey, clients, format }: CrowdOrder): Promise<HttpCrowd> {
  stack.recorder.forgetCalls();
  const answers: Record<number, number> = {};
  let [licensed, withoutRetryAfter, toldAfter] = [0, 0, 0];
  const start = performance.now();

  async function client(index: number): Promise<void> {
    const body = { license_key: licenseKey, hardware_id: `machine-${index}`, token_format: format };
    for (let attempt = 1; performance.now() - start < GIVEN_UP; attempt += 1) {
      const { status, text, retryAfter } = await post(`${stack.gateway}/api/v1/licenses/acquire`, body);
      answers[status] = (answers[status] ?? 0) + 1;
      if (status === 201 || status === 200) {
        const { license_data, license_token } = answer.parse(JSON.parse(text));
        if (license_data ?? license_token) licensed += 1;
        return;
      }
      if (attempt === 1) toldAfter = Math.max(toldAfter, performance.now() - start);
      if (!(retryAfter > 0)) withoutRetryAfter += 1;
      await sleep(Math.max(1, retryAfter) * 1000);
    }
  }

  await Promise.all(Array.from({ length: clients }, (_, index) => client(index)));
  const total = performance.now() - start;
  const signatures = stack.recorder.calls()['kms.AsymmetricSign'] ?? 0;
  return { licensed, answers, withoutRetryAfter, signatures, total, toldAfter };
}

/** Never throws. */
async function post(url: string, body: object): Promise<{ status: number; text: string; retryAfter: number }> {
  const headers = { 'content-type': 'application/json' };
  try {
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
    const retryAfter = Number(response.headers.get('retry-after'));
    return { status: response.status, text: await response.text(), retryAfter };
  } catch {
    return { status: 0, text: '', retryAfter: 0 };
  }
}
