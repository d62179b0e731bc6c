import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { Findings } from '#functions/console/app/screens/health/checks.ts';
import { alertsOf, logsOf } from '#functions/console/app/screens/health/cloud-links.ts';
import { CONTRACT } from '#shared/contract/index.ts';

const AT = '2026-11-26T12:00:00.000Z';
const OK = { answers: true, failsSince: undefined };
const WELL: Findings = {
  health: {
    checked_at: AT,
    reaper: { ran_at: AT, ended: 2, remaining: 0, late: false },
    key_list: { sequence: 1, issued_at: AT, expires_at: '2026-12-26T12:00:00.000Z', late: false },
    signatures: { per_minute: 300, window_seconds: 10, available: 50, taken: 1 },
    cloud_project: null,
  },
  webhooks: [],
  seats: OK,
  publicKeys: OK,
};

let checksOf: typeof import('#functions/console/app/screens/health/checks.ts').checksOf;
let RUNBOOKS: typeof import('#functions/console/app/screens/health/checks.ts').RUNBOOKS;
beforeAll(async () => {
  // The texts ask the browser for its language.
  vi.stubGlobal('navigator', { languages: ['en-GB'] });
  ({ checksOf, RUNBOOKS } = await import('#functions/console/app/screens/health/checks.ts'));
});

/** Kind and since by check, of those that are not well. */
const troubles = (change: Partial<Omit<Findings, 'health'>> & { health?: Partial<Findings['health']> }) =>
  checksOf({ ...WELL, ...change, health: { ...WELL.health, ...change.health } })
    .filter(({ kind }) => kind === 'bad' || kind === 'warn')
    .map(({ id, kind, since }) => [id, kind, since]);

const EARLIER = '2026-11-25T08:00:00.000Z';
const endpoint: Findings['webhooks'][number] = {
  webhook_id: 'w',
  tenant_id: null,
  url: 'https://a.example',
  events: ['*'],
  description: null,
  status: 'enabled',
  disabled_reason: null,
  failing_since: null,
  old_secrets_until: null,
  created_at: AT,
};

describe('what the health screen says', () => {
  test('all is well', () => expect(troubles({})).toEqual([]));

  test.each<[string, Parameters<typeof troubles>[0], unknown]>([
    ['no answer', { seats: { answers: false, failsSince: Date.parse(EARLIER) } }, [['seats', 'bad', EARLIER]]],
    [
      'a list that is late',
      { health: { key_list: { sequence: 1, issued_at: EARLIER, expires_at: '2026-12-25T08:00:00.000Z', late: true } } },
      [['key-list', 'warn', EARLIER]],
    ],
    [
      'a list that has ended',
      { health: { key_list: { sequence: 1, issued_at: '2026-10-26T08:00:00.000Z', expires_at: EARLIER, late: true } } },
      [['key-list', 'bad', EARLIER]],
    ],
    ['no list', { health: { key_list: null } }, [['key-list', 'bad', undefined]]],
    [
      'no clean-up',
      { health: { reaper: { ran_at: EARLIER, ended: 0, remaining: 0, late: true } } },
      [['reaper', 'warn', EARLIER]],
    ],
    [
      'a clean-up that is behind',
      { health: { reaper: { ran_at: AT, ended: 9, remaining: 5, late: false } } },
      [['reaper', 'warn', undefined]],
    ],
    [
      'few signatures left',
      { health: { signatures: { per_minute: 300, window_seconds: 10, available: 50, taken: 40 } } },
      [['signatures', 'warn', undefined]],
    ],
    [
      'none left',
      { health: { signatures: { per_minute: 300, window_seconds: 10, available: 50, taken: 50 } } },
      [['signatures', 'bad', undefined]],
    ],
    [
      'an endpoint that fails',
      { webhooks: [endpoint, { ...endpoint, failing_since: EARLIER }] },
      [['webhooks', 'warn', EARLIER]],
    ],
    [
      'an endpoint that was given up',
      { webhooks: [{ ...endpoint, status: 'disabled', disabled_reason: 'failing', failing_since: EARLIER }] },
      [['webhooks', 'bad', EARLIER]],
    ],
  ])('%s', (_, change, expected) => expect(troubles(change)).toEqual(expected));

  test('an endpoint that somebody has disabled is no trouble', () => {
    expect(troubles({ webhooks: [{ ...endpoint, status: 'disabled', disabled_reason: 'by_request' }] })).toEqual([]);
  });

  test('what to do is a section that the runbook has, and nothing is to be done where all is well', () => {
    const sections = readFileSync(new URL('../../../../docs/operations.md', import.meta.url), 'utf8');
    for (const section of Object.values(RUNBOOKS)) expect(sections).toContain(`\n## ${section}\n`);
    expect(checksOf(WELL).filter(({ runbook }) => runbook !== undefined)).toEqual([]);
    const late = { ...WELL.health, key_list: { ...WELL.health.key_list, late: true } } as Findings['health'];
    expect(checksOf({ ...WELL, health: late })[0]).toMatchObject({ id: 'key-list', runbook: RUNBOOKS.rotation });
  });

  test('the logs are those of functions that there are', () => {
    const services = checksOf(WELL).flatMap((check) => check.services);
    expect(services.filter((service) => !(service in CONTRACT))).toEqual([]);
    const url = new URL(logsOf('my-project', 'seats'));
    expect([url.origin, url.search]).toEqual(['https://console.cloud.google.com', '?project=my-project']);
    expect(decodeURIComponent(url.pathname)).toBe(
      '/logs/query;query=resource.type="cloud_run_revision"\nresource.labels.service_name="seats";duration=PT1H',
    );
    expect(alertsOf('a&b')).toBe('https://console.cloud.google.com/monitoring/alerting?project=a%26b');
  });

  test('the worst comes first', () => {
    const found = checksOf({ ...WELL, health: { ...WELL.health, reaper: null, key_list: null } });
    expect(found.map(({ kind }) => kind)).toEqual(['bad', 'good', 'good', 'good', 'plain', 'plain']);
  });
});
