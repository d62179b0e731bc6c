import lazy from 'preact-iso/lazy';
import { useRoute } from 'preact-iso/router';
import { getLicense } from '../../api/licenses.ts';
import type { License } from '../../api/types.ts';
import { type Resource, useResource } from '../../api/use-resource.ts';
import { may } from '../../session/rights.ts';
import { T } from '../../texts.ts';
import { Loaded, Screen } from '../../ui/screen.tsx';
import { licenseName } from '../licenses/license-name.ts';
import { NotFound } from '../not-found.tsx';
import { Holders } from './holders.tsx';
import { LicenseActions } from './license-actions.tsx';
import { LicenseFacts } from './license-facts.tsx';

const Usage = lazy(() => import('../usage/usage.tsx').then((m) => m.Usage));
const EditLicense = lazy(() => import('../license-form/edit-license.tsx').then((m) => m.EditLicense));
const Queue = lazy(() => import('./queue.tsx').then((m) => m.Queue));
const LicenseFile = lazy(() => import('./file/license-file.tsx').then((m) => m.LicenseFile));
const NamedUsers = lazy(() => import('./users/named-users.tsx').then((m) => m.NamedUsers));
const Keys = lazy(() => import('./keys.tsx').then((m) => m.Keys));
const AuditList = lazy(() => import('../audit/audit-list.tsx').then((m) => m.AuditList));

interface Tab {
  readonly part: string;
  readonly text: string;
  readonly shown: boolean;
}

const tabs = (license: License | undefined): Tab[] => [
  { part: '', text: T.license.tabs.license, shown: true },
  { part: 'holders', text: T.license.tabs.holders, shown: may('listSessions') },
  { part: 'usage', text: T.license.tabs.usage, shown: true },
  { part: 'queue', text: T.license.tabs.queue, shown: may('listQueue') },
  { part: 'users', text: T.license.tabs.users, shown: license?.lease_per === 'user' && may('listNamedUsers') },
  { part: 'keys', text: T.license.tabs.keys, shown: may('listLicenseKeys') },
  { part: 'audit', text: T.license.tabs.audit, shown: may('listAudit') },
];

/** One licence, in parts of which the address names one. */
export function LicenseScreen() {
  const { params } = useRoute();
  const id = params['id'] ?? '';
  const part = params['part'] ?? '';
  const license = useResource(`license ${id}`, (signal) => getLicense(id, signal));
  if (license.data === undefined && license.failure?.status === 404) return <NotFound />;
  return (
    <Screen
      title={license.data === undefined ? id : licenseName(license.data)}
      above={<a href="/console/licenses">{T.licenses.title}</a>}
      actions={
        license.data === undefined ? undefined : <LicenseActions license={license.data} changed={license.reload} />
      }
    >
      <nav aria-label={T.license.tabs.license}>
        <ul class="tabs">
          {tabs(license.data)
            .filter(({ shown }) => shown)
            .map((tab) => (
              <li key={tab.part}>
                <a
                  href={`/console/licenses/${encodeURIComponent(id)}${tab.part && `/${tab.part}`}`}
                  aria-current={part === tab.part ? 'page' : undefined}
                >
                  {tab.text}
                </a>
              </li>
            ))}
        </ul>
      </nav>
      <Part part={part} resource={license} />
    </Screen>
  );
}

function Part({ part, resource }: { part: string; resource: Resource<License> }) {
  return (
    <Loaded resource={resource}>
      {(license) => {
        switch (part) {
          case '':
            return <LicenseFacts license={license} />;
          case 'holders':
            return (
              <>
                {may('borrowForMachine') ? <LicenseFile license={license} /> : null}
                <Holders license={license} />
              </>
            );
          case 'usage':
            return <Usage license={license} />;
          case 'queue':
            return <Queue license={license} />;
          case 'users':
            return <NamedUsers license={license} />;
          case 'keys':
            return <Keys license={license} />;
          case 'audit':
            return <AuditList licenseId={license.license_id} />;
          case 'edit':
            return <EditLicense license={license} changed={resource.reload} />;
          default:
            return <p>{T.notFound.text}</p>;
        }
      }}
    </Loaded>
  );
}
