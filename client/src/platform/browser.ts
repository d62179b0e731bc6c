import { storedHardwareId } from '../hardware-id.ts';
import { memoryStorage } from '../storage/memory.ts';
import { type WebStorageArea, webStorage } from '../storage/web.ts';
import { systemTime } from '../trusted-clock.ts';
import type { Farewell, Platform } from './platform.ts';

/** What is used of a page, none of which a worker or another runtime need have. Reflect.get: our types know no DOM. */
interface Page {
  readonly addEventListener?: (type: string, listener: () => void) => void;
  readonly removeEventListener?: (type: string, listener: () => void) => void;
  readonly navigator?: { readonly userAgent?: string; sendBeacon?(url: string, body: Blob): boolean };
  readonly location?: { readonly origin: string };
  readonly document?: { readonly visibilityState?: string };
  readonly localStorage?: WebStorageArea;
}

const read = <Name extends keyof Page>(name: Name): Page[Name] | undefined => {
  try {
    return Reflect.get(globalThis, name);
  } catch {
    return undefined; // localStorage throws where the user has forbidden it
  }
};

function listen(types: readonly string[], listener: () => void): () => void {
  for (const type of types) read('addEventListener')?.call(globalThis, type, listener);
  return () => {
    for (const type of types) read('removeEventListener')?.call(globalThis, type, listener);
  };
}

/** Without waiting: the browser sends it when the page is gone. */
function send(farewell: Farewell | undefined): void {
  if (farewell === undefined) return;
  const { url, body } = farewell;
  // A beacon to another origin takes the page's cookies along, which CORS then wants to be allowed.
  const own = new URL(url).origin === read('location')?.origin;
  if (own && read('navigator')?.sendBeacon?.(url, new Blob([body], { type: 'application/json' }))) return;
  const headers = { 'content-type': 'application/json' };
  fetch(url, { method: 'POST', keepalive: true, credentials: 'omit', headers, body }).catch(() => undefined);
}

/** A page or a worker. */
export const browserPlatform: Platform = {
  ...systemTime,
  random: Math.random,
  setTimer(callback, milliseconds) {
    const timer = setTimeout(callback, milliseconds);
    return () => clearTimeout(timer);
  },
  longestTimer: 30_000,
  fetch: (url, init) => fetch(url, init),
  hardwareId: storedHardwareId,
  defaultStorage(application) {
    const area = read('localStorage');
    return area === undefined ? memoryStorage() : webStorage(area, `countersign:${application}:`);
  },
  description: { platform: 'browser' },
  // A page that is kept for the back button gets its seat again when it is shown (onWake).
  onExit: (handler) => listen(['pagehide'], () => send(handler.farewell())),
  onWake: (callback) =>
    listen(['pageshow', 'online', 'visibilitychange'], () => {
      // A page that is being closed turns hidden after it has given its seat back.
      if (read('document')?.visibilityState !== 'hidden') callback();
    }),
};
