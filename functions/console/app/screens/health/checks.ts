import type { Health, Webhook } from '../../api/types.ts';
import { T } from '../../texts.ts';
import { localTime } from '../../ui/local-time.ts';
import type { Probe } from './probe.ts';

const text = T.health;

export interface Check {
  readonly id: string;
  readonly name: string;
  readonly kind: 'good' | 'warn' | 'bad' | 'plain';
  readonly state: string;
  /** Since when it is so, where that is known (RFC 3339). */
  readonly since?: string | undefined;
  readonly sentences: readonly string[];
  /** Where it is mended. */
  readonly href?: string;
  /** The functions whose logs say more. */
  readonly services: readonly string[];
  /** The section of docs/operations.md that says what to do, while something is to be done. */
  readonly runbook?: string | undefined;
}

export interface Findings {
  readonly health: Health;
  readonly webhooks: readonly Webhook[];
  readonly seats: Probe;
  readonly publicKeys: Probe;
}

/** What works and what does not, the worst first. */
export function checksOf({ health, webhooks, seats, publicKeys }: Findings): Check[] {
  const checks = [
    probeCheck('seats', text.seats, seats),
    probeCheck('public-keys', text.publicKeys, publicKeys),
    keyListCheck(health),
    reaperCheck(health),
    signatureCheck(health),
    webhookCheck(webhooks),
  ];
  return checks.sort((a, b) => WORST_FIRST.indexOf(a.kind) - WORST_FIRST.indexOf(b.kind));
}

/** Sections of docs/operations.md. */
export const RUNBOOKS = {
  firestore: 'Firestore is down',
  kms: 'KMS is down',
  rotation: 'Rotation by hand',
  webhooks: 'Webhooks do not come',
} as const;

const WORST_FIRST = ['bad', 'warn', 'good', 'plain'] as const;

const probeCheck = (
  id: string,
  { name, works, fails }: { name: string; works: string; fails: string },
  { answers, failsSince }: Probe,
): Check =>
  answers
    ? { id, name, services: [id], kind: 'good', state: text.works, sentences: [works] }
    : {
        id,
        name,
        services: [id],
        runbook: RUNBOOKS.firestore,
        kind: 'bad',
        state: text.fails,
        since: failsSince === undefined ? undefined : new Date(failsSince).toISOString(),
        sentences: [fails],
      };

function keyListCheck({ key_list: list, checked_at }: Health): Check {
  const bad = list === null || list.expires_at <= checked_at || list.late;
  const check = {
    ...{ id: 'key-list', name: text.keyList.name, href: '/console/signing-keys', services: ['key-rotation'] },
    runbook: bad ? RUNBOOKS.rotation : undefined,
  };
  if (list === null) return { ...check, kind: 'bad', state: text.fails, sentences: [text.keyList.none] };
  const issued = text.keyList.issued(localTime(list.issued_at));
  if (list.expires_at <= checked_at)
    return { ...check, kind: 'bad', state: text.fails, since: list.expires_at, sentences: [issued, text.keyList.over] };
  const until = text.keyList.until(localTime(list.expires_at));
  return list.late
    ? { ...check, kind: 'warn', state: text.late, since: list.issued_at, sentences: [text.keyList.late, until] }
    : { ...check, kind: 'good', state: text.works, sentences: [issued, until] };
}

function reaperCheck({ reaper }: Health): Check {
  const check = { id: 'reaper', name: text.reaper.name, services: ['session-reaper'] };
  if (reaper === null) return { ...check, kind: 'plain', state: text.notYet, sentences: [text.reaper.none] };
  if (reaper.late)
    return { ...check, kind: 'warn', state: text.late, since: reaper.ran_at, sentences: [text.reaper.late] };
  if (reaper.remaining > 0)
    return { ...check, kind: 'warn', state: text.behind, sentences: [text.reaper.behind(reaper.remaining)] };
  return {
    ...check,
    kind: 'good',
    state: text.works,
    sentences: [text.reaper.ran(localTime(reaper.ran_at), reaper.ended)],
  };
}

/** Share of a window's signatures from which on a burst may be refused. */
const SCARCE = 0.8;

function signatureCheck({ signatures }: Health): Check {
  const check = { id: 'signatures', name: text.signatures.name, services: ['seats', 'license-signing'] };
  if (signatures === null)
    return { ...check, kind: 'plain', state: text.noLimit, sentences: [text.signatures.noLimit] };
  const { taken, available, window_seconds, per_minute } = signatures;
  const used = text.signatures.used(taken, available, window_seconds);
  if (taken >= available)
    return {
      ...check,
      runbook: RUNBOOKS.kms,
      kind: 'bad',
      state: text.usedUp,
      sentences: [used, text.signatures.over(per_minute)],
    };
  return taken >= available * SCARCE
    ? { ...check, kind: 'warn', state: text.scarce, sentences: [used, text.signatures.scarce(per_minute)] }
    : { ...check, kind: 'good', state: text.works, sentences: [used] };
}

function webhookCheck(webhooks: readonly Webhook[]): Check {
  const check = {
    ...{ id: 'webhooks', name: text.webhooks.name, href: '/console/webhooks', services: ['webhook-delivery'] },
  };
  const failing = webhooks.filter(({ failing_since }) => failing_since !== null);
  const off = webhooks.filter(
    ({ status, disabled_reason }) => status === 'disabled' && disabled_reason !== 'by_request',
  );
  if (webhooks.length === 0) return { ...check, kind: 'plain', state: text.none, sentences: [text.webhooks.none] };
  if (failing.length === 0 && off.length === 0)
    return { ...check, kind: 'good', state: text.works, sentences: [text.webhooks.works(webhooks.length)] };
  return {
    ...check,
    runbook: RUNBOOKS.webhooks,
    kind: off.length > 0 ? 'bad' : 'warn',
    state: text.fails,
    since: failing
      .map(({ failing_since }) => failing_since ?? '')
      .sort()
      .at(0),
    sentences: [text.webhooks.fails(new Set([...failing, ...off]).size, webhooks.length)],
  };
}
