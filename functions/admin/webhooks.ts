import { randomBytes } from 'node:crypto';
import type { Actor } from '#shared/audit/actor.ts';
import { changesOf } from '#shared/audit/changes.ts';
import { type CommitAudited, newAuditStamp } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { tenantPath } from '#shared/model/tenant.ts';
import {
  MAX_SECRETS,
  MAX_WEBHOOKS,
  newWebhookId,
  readWebhook,
  signingSecrets,
  VENDOR_TENANT,
  type Webhook,
  type WebhookFields,
  webhookDocument,
  webhookPath,
} from '#shared/model/webhook.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import type { EndPending } from '#shared/webhooks/end-pending.ts';
import {
  checkedAddresses,
  type EndpointRules,
  faultOfUrl,
  hostOf,
  type ResolveName,
} from '#shared/webhooks/endpoint-url.ts';
import type { MarkLicenses } from '#shared/webhooks/mark-licenses.ts';
import { webhookQueries } from '#shared/webhooks/queries.ts';
import type { SecretSealer } from '#shared/webhooks/secret-sealer.ts';
import { type Page, type PageRequest, readPage } from './page.ts';
import { type ListScope, type Scope, tenantNotFound } from './scope.ts';

export interface WebhooksOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
  readonly sealer: SecretSealer;
  readonly rules: EndpointRules;
  readonly resolve: ResolveName;
  readonly markLicenses: MarkLicenses;
  readonly endPending: EndPending;
  /** Told that a tenant's endpoints have changed. */
  readonly onChange: (tenantId: string) => void;
}

export interface NewWebhook {
  readonly tenantId: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string | null;
}

export interface WebhookChange {
  readonly url?: string | undefined;
  readonly events?: readonly string[] | undefined;
  readonly description?: string | null | undefined;
  readonly status?: WebhookFields['status'] | undefined;
}

/** An endpoint with a secret that was just made. */
export interface WithSecret {
  readonly webhook: WebhookFields & { readonly id: string };
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  readonly secret: string;
}

const SECRET_BYTES = 32;
/** Milliseconds after which the dispatcher marks the licences again: one may have been made meanwhile. */
const MARK_AGAIN = 60_000;

/** The endpoints that are told of events: their secrets are sealed here and can only be opened by the dispatcher. */
export function createWebhooks(options: WebhooksOptions) {
  const { store, clock, commitAudited, sealer, rules, resolve, markLicenses, endPending, onChange } = options;

  /** @throws Fault `not_found` for an endpoint that does not exist or is outside the caller's scope */
  async function get(scope: Scope, webhookId: string): Promise<Webhook> {
    const [document] = isPlainId(webhookId) ? await store.get([webhookPath(webhookId)]) : [];
    const webhook = document && readWebhook(document);
    if (webhook === undefined || !scope.includes(webhook.tenant_id)) throw webhookNotFound();
    return webhook;
  }

  async function list(scope: ListScope, tenantId: string | undefined, request: PageRequest): Promise<Page<Webhook>> {
    const tenant = scope.listed(tenantId);
    const { items, next } = await readPage(store, request, (range) => webhookQueries.webhooks(tenant, range));
    return { items: items.map(readWebhook), next };
  }

  /**
   * @throws Fault `invalid_request` for a URL that leads nowhere outside, `not_found` for an unknown tenant, `conflict`
   *   when the tenant has as many as it may have, `dependency_unavailable`
   */
  async function create(wanted: NewWebhook, actor: Actor, once?: Once<WithSecret>): Promise<WithSecret> {
    if (wanted.tenantId !== VENDOR_TENANT && !isPlainId(wanted.tenantId)) throw tenantNotFound();
    await requireOutside(wanted.url);
    const id = newWebhookId();
    const now = clock.now();
    const { secret, sealed } = await newSecret(id);
    const fields: WebhookFields = {
      tenant_id: wanted.tenantId,
      url: wanted.url,
      events: [...wanted.events],
      description: wanted.description,
      status: 'enabled',
      disabled_reason: null,
      failing_since: null,
      secrets: [{ sealed, created_at: now, until: null }],
      recovery: null,
      recovering: false,
      mark_due: now + MARK_AGAIN,
      created_at: now,
    };
    const result = { webhook: { id, ...fields }, secret };
    const created = await commitAudited(
      actor,
      async () => ({
        writes: [
          ...(await guardsOf(wanted.tenantId)),
          { op: 'create' as const, path: webhookPath(id), fields: webhookDocument(fields) },
        ],
        event: { action: 'webhook.create', tenantId: wanted.tenantId, details: { webhook: id, ...shown(fields) } },
        result,
      }),
      once,
    );
    onChange(wanted.tenantId);
    await markLicenses(wanted.tenantId);
    return created;
  }

  /** Makes the creations of one tenant's endpoints exclude each other, so that their number is exact. */
  async function guardsOf(tenantId: string): Promise<Write[]> {
    const isVendors = tenantId === VENDOR_TENANT;
    const path = isVendors ? 'webhook_guards/vendor' : `webhook_guards/tenant.${tenantId}`;
    const [guard, tenant] = await store.get(isVendors ? [path] : [path, tenantPath(tenantId)]);
    if (tenant === undefined && !isVendors) throw tenantNotFound();
    const { length } = await store.query(webhookQueries.webhooksOf(tenantId));
    if (length >= MAX_WEBHOOKS) {
      throw new Fault('conflict', `There are ${MAX_WEBHOOKS} endpoints, as many as there may be. Delete one first.`);
    }
    const fields = { created: Number(guard?.fields['created'] ?? 0) + 1 };
    return [
      guard === undefined
        ? { op: 'create', path, fields }
        : { op: 'update', path, fields, lastUpdateTime: guard.updateTime },
      // Fails when the tenant is deleted or changed meanwhile.
      ...(tenant === undefined
        ? []
        : [{ op: 'update' as const, path: tenant.path, fields: {}, lastUpdateTime: tenant.updateTime }]),
    ];
  }

  /** @throws Fault `not_found`, `invalid_request` for a URL as `create`, `dependency_unavailable` */
  async function change(scope: Scope, webhookId: string, wanted: WebhookChange, actor: Actor): Promise<Webhook> {
    if (wanted.url !== undefined) await requireOutside(wanted.url);
    const changed = await commitAudited(actor, async () => {
      const webhook = await get(scope, webhookId);
      const { url, events, description, status } = wanted;
      const current = {
        url: webhook.url,
        events: webhook.events,
        description: webhook.description,
        status: webhook.status,
      };
      const { before, after } = changesOf(current, { url, events, description, status });
      if (Object.keys(after).length === 0) return { writes: [], result: webhook };
      const fields: Partial<WebhookFields> = {
        ...(url === undefined ? {} : { url }),
        ...(events === undefined ? {} : { events: [...events] }),
        ...(description === undefined ? {} : { description }),
        ...('status' in after ? ofStatus(wanted.status ?? webhook.status) : {}),
        ...('events' in after ? { mark_due: clock.now() + MARK_AGAIN } : {}),
      };
      return {
        writes: [
          {
            op: 'update' as const,
            path: webhookPath(webhookId),
            fields: webhookDocument(fields),
            lastUpdateTime: webhook.updateTime,
          },
        ],
        event: {
          action: 'webhook.change',
          tenantId: webhook.tenant_id,
          details: { webhook: webhookId, before, after },
        },
        result: { ...webhook, ...fields },
      };
    });
    onChange(changed.tenant_id);
    if (wanted.events !== undefined) await markLicenses(changed.tenant_id);
    return changed;
  }

  /** Repeating it finds nothing. @throws Fault `not_found`, `dependency_unavailable` */
  async function remove(scope: Scope, webhookId: string, actor: Actor): Promise<void> {
    const tenantId = await commitAudited(actor, async () => {
      const { tenant_id, updateTime: lastUpdateTime, ...fields } = await get(scope, webhookId);
      return {
        writes: [{ op: 'delete' as const, path: webhookPath(webhookId), precondition: { lastUpdateTime } }],
        event: { action: 'webhook.delete', tenantId: tenant_id, details: { webhook: webhookId, ...shown(fields) } },
        result: tenant_id,
      };
    });
    onChange(tenantId);
    await endPending(webhookId, 'dropped');
    await markLicenses(tenantId);
  }

  /**
   * Makes another secret; those before it sign until the grace is over.
   * @throws Fault `not_found`, `dependency_unavailable`
   */
  async function rotateSecret(
    scope: Scope,
    webhookId: string,
    graceSeconds: number,
    actor: Actor,
    once?: Once<WithSecret>,
  ): Promise<WithSecret> {
    await get(scope, webhookId);
    const { secret, sealed } = await newSecret(webhookId);
    const prepare = async () => {
      const webhook = await get(scope, webhookId);
      const now = clock.now();
      const until = now + graceSeconds * 1000;
      const older = signingSecrets(webhook, now).map((one) => ({ ...one, until: Math.min(one.until ?? until, until) }));
      const secrets = [{ sealed, created_at: now, until: null }, ...older.filter((one) => one.until > now)];
      const fields = { secrets: secrets.slice(0, MAX_SECRETS) };
      return {
        writes: [
          {
            op: 'update' as const,
            path: webhookPath(webhookId),
            fields: webhookDocument(fields),
            lastUpdateTime: webhook.updateTime,
          },
        ],
        event: {
          action: 'webhook.rotate_secret',
          tenantId: webhook.tenant_id,
          details: { webhook: webhookId, grace_seconds: graceSeconds },
        },
        result: { webhook: { ...webhook, ...fields }, secret },
      };
    };
    return commitAudited(actor, prepare, once, newAuditStamp(clock.now()));
  }

  async function newSecret(webhookId: string) {
    const bytes = randomBytes(SECRET_BYTES);
    return { secret: `whsec_${bytes.toString('base64')}`, sealed: await sealer.seal(bytes, webhookId) };
  }

  /** @throws Fault `invalid_request` with the path `url` */
  async function requireOutside(url: string): Promise<void> {
    const fault = faultOfUrl(url, rules) ?? (await faultOfAddresses(url));
    if (fault !== undefined) throw invalid([{ path: 'url', message: fault }]);
  }

  /** A name that cannot be resolved now may be later: each attempt resolves and checks it again. */
  async function faultOfAddresses(url: string): Promise<string | undefined> {
    const host = hostOf(new URL(url));
    const resolved = await checkedAddresses(host, rules, resolve).catch(() => [host]);
    return resolved === undefined ? 'leads to an address that is not public' : undefined;
  }

  return { get, list, create, change, remove, rotateSecret };
}

/** What the audit says of an endpoint. */
const shown = ({ url, events, description }: Pick<WebhookFields, 'url' | 'events' | 'description'>) => ({
  url,
  events,
  description,
});

function ofStatus(status: WebhookFields['status']): Partial<WebhookFields> {
  return status === 'enabled'
    ? { status, disabled_reason: null, failing_since: null }
    : { status, disabled_reason: 'by_request' };
}

const webhookNotFound = () => new Fault('not_found', 'There is no endpoint with this id.');
