import type { KeyMaterial } from '../keys/pinned.ts';
import type { KeySource } from '../keys/source.ts';
import type { Storage } from '../storage/storage.ts';
import type { SeatListener } from './events.ts';

export interface HoldOptions {
  /** Of the licence server, e.g. `https://licenses.example.com`. In a page: its own origin, which passes the calls on. */
  readonly url: string;
  /** As it was issued; case, spaces and hyphens do not matter. */
  readonly licenseKey: string;
  /** A short name of the program: the salt of the hardware id, and the folder of the default storage. */
  readonly application: string;
  /** At most 256 characters. Default: see `hardwareId` in the README. One seat a hardware id. */
  readonly hardwareId?: string;
  /** Shown to the administrators of the licence, like the three that follow. */
  readonly userEmail?: string;
  readonly hostname?: string;
  readonly platform?: string;
  readonly clientVersion?: string;
  readonly tokenFormat?: 'signed-json' | 'jws';
  /** Default: fetched from the server and kept in the storage. Pinned keys cannot be exchanged by whoever can write there. */
  readonly keys?: KeySource | KeyMaterial;
  /** Default: a directory of the user's in Node, localStorage in a page. */
  readonly storage?: Storage;
  /** Aborting gives up waiting, or gives the seat back. */
  readonly signal?: AbortSignal;
  /** Told of everything from the first attempt on. */
  readonly onEvent?: SeatListener;
  /** Milliseconds to wait for a free seat when all are in use. Default 0. */
  readonly wait?: number;
  /** Milliseconds to go on trying at the start while the server cannot be reached and no licence is kept. Default 30,000. */
  readonly patience?: number;
  /** Milliseconds for one request. Default 10,000. */
  readonly timeout?: number;
  /** Give the seat back when the program ends or the page is left. Default true. */
  readonly releaseOnExit?: boolean;
  /** Accept a licence without a signature, which anybody can write. Default false. */
  readonly allowUnsigned?: boolean;
}

/** @throws TypeError that names the option: a mistake in the program, not in the world */
export function checkOptions({ url, licenseKey, application, hardwareId, ...rest }: HoldOptions): void {
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new TypeError('url: give the http or https address of the licence server');
  }
  if (licenseKey.trim() === '') throw new TypeError('licenseKey: give the key of the licence');
  if (application.trim() === '') throw new TypeError('application: give a short name of your program');
  if (hardwareId !== undefined && (hardwareId === '' || hardwareId.length > 256)) {
    throw new TypeError('hardwareId: give 1 to 256 characters, or leave it out');
  }
  for (const name of ['wait', 'patience', 'timeout'] as const) {
    const value = rest[name];
    if (value !== undefined && !(value >= 0)) throw new TypeError(`${name}: give milliseconds, 0 or more`);
  }
}
