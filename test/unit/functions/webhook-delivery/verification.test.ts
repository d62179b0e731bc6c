import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { messageOf } from '#functions/webhook-delivery/message.ts';
import { nextAttempt, retryAfterOf } from '#functions/webhook-delivery/schedule.ts';
import type { Event } from '#shared/model/event.ts';

const PAGE = readFileSync(resolve(import.meta.dirname, '../../../../docs/events.md'), 'utf8');
const block = (language: string): string => new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 's').exec(PAGE)?.[1] ?? '';

const NOW = Date.now();
const keys = [randomBytes(32), randomBytes(32)];
const secrets = keys.map((key) => `whsec_${key.toString('base64')}`);
const event: Event = {
  id: '8204218299999-5d0c1f7e3b9a42688e6f0a9d',
  type: 'license.updated',
  tenant_id: 'demo',
  license_id: 'l',
  at: NOW,
  data: { label: 'Grüße, 世界' },
  subject: null,
  shard: 0,
  due: null,
  updateTime: { seconds: '1', nanos: 0 },
};
const { headers, body } = messageOf(event, keys, NOW);
const given = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('webhook-')));

/** Each message with what must be thought of it. */
const cases: readonly (readonly [secret: string, headers: Record<string, string>, body: string, genuine: boolean])[] = [
  ...secrets.map((secret) => [secret, given, body, true] as const),
  [secrets[0] ?? '', given, body.replace('label', 'lapel'), false],
  [secrets[0] ?? '', { ...given, 'webhook-id': 'another' }, body, false],
  [secrets[0] ?? '', { ...given, 'webhook-timestamp': String(Math.floor(NOW / 1000) - 360) }, body, false],
  [`whsec_${randomBytes(32).toString('base64')}`, given, body, false],
];

test('the library of Standard Webhooks believes what we sign, and nothing else', () => {
  for (const [secret, sent, text, genuine] of cases) {
    const verify = () => new Webhook(secret).verify(text, sent);
    if (genuine) expect(verify()).toEqual(JSON.parse(body));
    else expect(verify).toThrow();
  }
});

test("so does the page's JavaScript", async () => {
  const { isGenuine } = await import(`data:text/javascript,${encodeURIComponent(block('js'))}`);
  for (const [secret, sent, text, genuine] of cases) expect(isGenuine(secret, sent, text)).toBe(genuine);
});

test("and the page's Python", () => {
  const program = `${block('python')}\nimport json, sys\nprint(json.dumps([is_genuine(s, h, b.encode()) for s, h, b, _ in json.load(sys.stdin)]))`;
  const output = execFileSync('python3', ['-c', program], { input: JSON.stringify(cases), encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual(cases.map(([, , , genuine]) => genuine));
});

test('a body has at most 20 KiB', () => {
  const large = messageOf({ ...event, data: { text: '世'.repeat(10_000) } }, keys, NOW);
  expect(JSON.parse(large.body)).toMatchObject({ id: event.id, data: { truncated: true, id: event.id } });
});

test('attempts come a little early, never late, ten in all; an endpoint may ask for more time, up to a day', () => {
  const next = (attempt: number, random: number, retryAfter?: number) =>
    nextAttempt({ attempt, at: 0, random, retryAfter });
  const seconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
  expect(seconds.map((_, index) => next(index + 1, 0))).toEqual(seconds.map((one) => one * 1000));
  expect(seconds.map((_, index) => next(index + 1, 1))).toEqual(seconds.map((one) => one * 900));
  expect(next(10, 0)).toBeUndefined();
  expect(next(1, 0, 60_000)).toBe(60_000);
  expect(next(1, 0, 900_000_000)).toBe(86_400_000);
  expect(retryAfterOf('120', undefined, NOW)).toBe(120_000);
  const date = 'Thu, 26 Nov 2026 09:00:00 GMT';
  expect(retryAfterOf('Thu, 26 Nov 2026 09:01:00 GMT', date, NOW)).toBe(60_000);
  for (const nonsense of [undefined, '', 'soon', '-5']) expect(retryAfterOf(nonsense, date, NOW) ?? 0).toBe(0);
});
