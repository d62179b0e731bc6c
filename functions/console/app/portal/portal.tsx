import { useEffect, useState } from 'preact/hooks';
import { LocationProvider } from 'preact-iso/router';
import { type Failure, failureOf } from '../api/request-error.ts';
import { Holders } from '../screens/license/holders.tsx';
import { LicenseStatus } from '../screens/licenses/license-status.tsx';
import { Usage } from '../screens/usage/usage.tsx';
import { T } from '../texts.ts';
import { Status } from '../ui/announce.tsx';
import { FailureNotice } from '../ui/notice.tsx';
import { Loading } from '../ui/screen.tsx';
import { ended, exchange, type PortalLicense } from './portal-session.ts';

const text = T.portal;

interface PortalProps {
  readonly logo: string | undefined;
}

/** One licence for a customer who has no account here, perhaps within the vendor's own page. */
export function Portal({ logo }: PortalProps) {
  const [license, setLicense] = useState<PortalLicense>();
  const [failure, setFailure] = useState<Failure>();
  const open = async () => {
    setFailure(undefined);
    try {
      setLicense(await exchange());
    } catch (error) {
      setFailure(failureOf(error));
    }
  };
  useEffect(() => void open(), []);
  return (
    <LocationProvider>
      <main class="portal">
        {logo === undefined ? null : <img class="logo" src={logo} alt="" />}
        {ended.value || failure?.status === 401 ? (
          <Over />
        ) : license === undefined ? (
          failure === undefined ? (
            <Loading />
          ) : (
            <FailureNotice failure={failure} retry={() => void open()} />
          )
        ) : (
          <Parts license={license} />
        )}
      </main>
      <Status />
    </LocationProvider>
  );
}

const Over = () => (
  <div class="empty" role="alert">
    <h1>{text.overTitle}</h1>
    <p>{text.overText}</p>
  </div>
);

function Parts({ license }: { license: PortalLicense }) {
  const [part, setPart] = useState<'holders' | 'usage'>('holders');
  const name = license.label ?? license.license_id;
  document.title = name;
  const choice = (value: typeof part, words: string) => (
    <button
      type="button"
      class={part === value ? 'primary' : undefined}
      aria-pressed={part === value}
      onClick={() => setPart(value)}
    >
      {words}
    </button>
  );
  return (
    <>
      <div class="screen-head">
        <div class="row">
          <h1 tabIndex={-1}>{name}</h1>
          <LicenseStatus license={license} />
        </div>
        <div class="actions">
          {choice('holders', T.license.tabs.holders)}
          {choice('usage', T.license.tabs.usage)}
        </div>
      </div>
      {part === 'holders' ? <Holders license={license} /> : <Usage license={license} />}
    </>
  );
}
