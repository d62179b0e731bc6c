// A React hook that holds a seat while the component is there. The page and the proxy share an origin (proxy.mjs).
import { holdSeat, rootKey } from 'countersign-client';
import { useEffect, useState } from 'react';

// What `countersign root` prints, put in by the build.
const ROOT = import.meta.env.VITE_COUNTERSIGN_ROOT_KEY;

/** @returns what is known of the seat, and the seat itself once there is one */
export function useSeat(licenseKey) {
  const [seat, setSeat] = useState();
  const [status, setStatus] = useState({ type: 'none' });

  useEffect(() => {
    if (!licenseKey) return;
    const leaving = new AbortController();
    holdSeat({
      url: location.origin,
      licenseKey,
      product: 'example-react',
      keys: rootKey(ROOT),
      signal: leaving.signal, // aborting gives up waiting, or gives the seat back
      onEvent: setStatus,
    }).then(setSeat, (error) => {
      if (error.code !== 'aborted') setStatus({ type: error.code ?? error.name, message: error.message });
    });
    return () => leaving.abort();
  }, [licenseKey]);

  return { seat, status };
}

export function SeatStatus({ licenseKey }) {
  const { seat, status } = useSeat(licenseKey);
  return (
    <p role="status">
      {status.message ?? status.type} {seat?.hasFeature('export') ? 'with export' : ''}
    </p>
  );
}
