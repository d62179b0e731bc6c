import { useEffect, useRef, useState } from 'preact/hooks';
import { readRequestCode } from '#shared/license-format/read-request-code.ts';
import { T } from '../../../texts.ts';
import { type BarcodeDetector, openBarcodeDetector } from './barcode-detector.ts';

const text = T.file.scan;

/** Milliseconds between two looks at the picture. */
const PERIOD = 200;

/** Reads a request code that the machine shows as a QR code. Offered only where the browser can do it by itself. */
export function ScanCode({ onCode }: { onCode: (code: string) => void }) {
  const [detector, setDetector] = useState<BarcodeDetector>();
  const [open, setOpen] = useState(false);
  useEffect(() => {
    openBarcodeDetector().then(setDetector, () => undefined);
  }, []);
  if (detector === undefined) return null;
  if (!open) {
    return (
      <button type="button" class="small" onClick={() => setOpen(true)}>
        {text.open}
      </button>
    );
  }
  return (
    <Camera
      detector={detector}
      onClose={() => setOpen(false)}
      onCode={(code) => {
        setOpen(false);
        onCode(code);
      }}
    />
  );
}

interface CameraProps {
  readonly detector: BarcodeDetector;
  readonly onCode: (code: string) => void;
  readonly onClose: () => void;
}

function Camera({ detector, onCode, onClose }: CameraProps) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<'looking' | 'other' | 'refused'>('looking');
  const found = useRef(onCode);
  found.current = onCode;

  useEffect(() => {
    const abort = new AbortController();
    const { signal } = abort;
    watch({
      detector,
      video: video.current,
      signal,
      onText: (read) => {
        if ('problem' in readRequestCode(read)) setState('other');
        else found.current(read);
      },
    }).catch(() => {
      if (!signal.aborted) setState('refused');
    });
    return () => abort.abort();
  }, [detector]);

  return (
    <div class="stack">
      {state === 'refused' ? (
        <p class="error" role="alert">
          {text.refused}
        </p>
      ) : (
        <>
          <video ref={video} class="camera" autoplay playsInline muted aria-label={text.picture} />
          <p role="status">{state === 'other' ? text.other : text.looking}</p>
        </>
      )}
      <div class="actions">
        <button type="button" class="small" onClick={onClose}>
          {text.close}
        </button>
      </div>
    </div>
  );
}

interface Watch {
  readonly detector: BarcodeDetector;
  readonly video: HTMLVideoElement | null;
  /** Aborted: the camera is switched off. */
  readonly signal: AbortSignal;
  readonly onText: (text: string) => void;
}

/** Looks at the camera's picture until it is told to stop. @throws DOMException when there is no camera, or no leave */
async function watch({ detector, video, signal, onText }: Watch): Promise<void> {
  if (video === null) return;
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
  };
  // The person may have closed it while the browser asked.
  if (signal.aborted) return stop();
  signal.addEventListener('abort', stop, { once: true });
  video.srcObject = stream;
  while (!signal.aborted) {
    // A picture that is not there yet cannot be read; the next one may be.
    const codes = await detector.detect(video).catch(() => []);
    const [first] = codes;
    if (first !== undefined && !signal.aborted) onText(first.rawValue);
    await new Promise((resolve) => setTimeout(resolve, PERIOD));
  }
}
