import { everyPage } from '../../api/licenses.ts';
import { request } from '../../api/request.ts';
import type { Health, Webhook } from '../../api/types.ts';
import { useResource } from '../../api/use-resource.ts';
import { T } from '../../texts.ts';
import { Badge } from '../../ui/badge.tsx';
import { Notice } from '../../ui/notice.tsx';
import { Loaded, Screen } from '../../ui/screen.tsx';
import { Time } from '../../ui/time.tsx';
import { type Check, checksOf, type Findings } from './checks.ts';
import { alertsOf, dashboardsOf, logsOf } from './cloud-links.ts';
import { probe } from './probe.ts';

const text = T.health;

const PERIOD = 30_000;
/** Endpoints that are looked through. */
const MAX_WEBHOOKS = 500;

/** What works, what does not and since when, for the vendor's own people. */
export function HealthScreen() {
  const findings = useResource('health', find, PERIOD);
  return (
    <Screen
      title={T.nav.health}
      actions={
        <button type="button" onClick={findings.reload}>
          {text.again}
        </button>
      }
    >
      <Loaded resource={findings}>
        {(found) => {
          const checks = checksOf(found);
          const bad = checks.filter(({ kind }) => kind === 'bad' || kind === 'warn');
          return (
            <>
              <Notice kind={bad.length === 0 ? 'good' : 'warn'}>
                <p>
                  <strong>{bad.length === 0 ? text.allWell : text.notWell(bad.map(({ name }) => name))}</strong>{' '}
                  {text.checked} <Time at={found.health.checked_at} />
                </p>
              </Notice>
              <ul class="checks">
                {checks.map((check) => (
                  <CheckRow key={check.id} check={check} project={found.health.cloud_project} />
                ))}
              </ul>
              <p class="quiet after">{text.elsewhere}</p>
              <Monitoring project={found.health.cloud_project} />
            </>
          );
        }}
      </Loaded>
    </Screen>
  );
}

async function find(signal: AbortSignal): Promise<Findings> {
  const [health, webhooks, seats, publicKeys] = await Promise.all([
    request<Health>('GET', '/api/v1/health', { signal, tenant: null }),
    everyPage<Webhook>('/api/v1/webhooks', signal, MAX_WEBHOOKS, null),
    probe('/api/v1/licenses/heartbeat', signal),
    probe('/.well-known/countersign-keys.json', signal),
  ]);
  return { health: health.data, webhooks: webhooks.items, seats, publicKeys };
}

interface CheckRowProps {
  readonly check: Check;
  readonly project: string | null;
}

const CheckRow = ({
  check: { name, kind, state, since, sentences, href, services, runbook },
  project,
}: CheckRowProps) => (
  <li class="panel check-row">
    <h2>{href === undefined ? name : <a href={href}>{name}</a>}</h2>
    <div class="row">
      <Badge kind={kind}>{state}</Badge>
      {since === undefined ? null : (
        <span class="quiet small">
          {text.since} <Time at={since} />
        </span>
      )}
    </div>
    <div>
      <p>{[...sentences, ...(runbook === undefined ? [] : [text.runbook(runbook)])].join(' ')}</p>
      {project === null ? null : (
        <p class="small">
          {text.logs}:{' '}
          {services.map((service, index) => (
            <>
              {index === 0 ? '' : ', '}
              <a href={logsOf(project, service)} target="_blank" rel="noreferrer">
                {service}
              </a>
            </>
          ))}
        </p>
      )}
    </div>
  </li>
);

const Monitoring = ({ project }: { project: string | null }) =>
  project === null ? null : (
    <p>
      {text.monitoring}{' '}
      <a href={alertsOf(project)} target="_blank" rel="noreferrer">
        {text.alerts}
      </a>
      ,{' '}
      <a href={dashboardsOf(project)} target="_blank" rel="noreferrer">
        {text.dashboards}
      </a>
    </p>
  );
