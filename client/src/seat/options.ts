import { normalizeLicenseKey } from '../../../shared/license-format/license-key.ts';
import type { KeyMaterial } from '../keys/pinned.ts';
import type { KeySource } from '../keys/source.ts';
import type { Fetch } from '../platform/platform.ts';
import type { Storage } from '../storage/storage.ts';
import { cleanText } from '../text/clean.ts';
import { readServerUrl } from '../text/server-url.ts';
import type { SeatListener } from './events.ts';

export type HoldOptions = SeatOptions & (ServerOptions | FileOptions);

/** Where the seat comes from: a licence server. */
export interface ServerOptions {
  /** Of the licence server, e.g. `https://licenses.example.com`. In a page: its own origin, which passes the calls on. */
  readonly url: string;
  /** As it was issued, or as people send it: case, spaces, dashes, quotes and invisible characters do not matter. */
  readonly licenseKey: string;
  readonly licenseFile?: undefined;
}

/** Or a file, for a machine without a network. */
interface FileOptions {
  /** The text of the licence file that an administrator has borrowed for this machine. Nobody is asked anything. */
  readonly licenseFile: string;
  readonly url?: string | undefined;
  readonly licenseKey?: string | undefined;
}

export interface SeatOptions {
  /** The product that this program is: a licence for another one is refused. */
  readonly product: string;
  /**
   * `rootKey(pem)` with the root that the program was built with, or pinned key material. `unpinnedKeys()` believes
   * whoever answers, and is for trying things out.
   */
  readonly keys: KeySource | KeyMaterial;
  /** A short name of the program: the salt of the hardware id, and the folder of the default storage. Default: `product`. */
  readonly application?: string | undefined;
  /** At most 256 characters. Default: see `hardwareId` in the README. One seat a hardware id. */
  readonly hardwareId?: string | undefined;
  /** Shown to the administrators of the licence, like the three that follow. */
  readonly userEmail?: string | undefined;
  /** Default: this machine's, in Node. `false`: not sent. */
  readonly hostname?: string | false | undefined;
  /** Default: operating system and processor, or `browser`. `false`: not sent. */
  readonly platform?: string | false | undefined;
  readonly clientVersion?: string | undefined;
  /** Where each process takes a seat of its own: what tells this one from others, up to 128 characters. Default: random. */
  readonly processId?: string | undefined;
  /** Where each user has one seat and moves it only on purpose: take it from the machine that has it. */
  readonly takeOver?: boolean | undefined;
  /**
   * Gives the user's verified token (the part behind "Bearer"), where the licence is for named users and they sign in
   * instead of having a key of their own. Asked for before each acquire and borrow, since tokens end; while a seat
   * is held it has `timeout`.
   */
  readonly userToken?: (() => string | Promise<string>) | undefined;
  /** Default: a directory of the user's in Node, localStorage in a page. */
  readonly storage?: Storage | undefined;
  /** Replaces the platform's `fetch`, for every request: a proxy, a CA of one's own. */
  readonly fetch?: Fetch | undefined;
  /** Aborting gives up waiting, or gives the seat back. */
  readonly signal?: AbortSignal | undefined;
  /** Told of everything from the first attempt on. */
  readonly onEvent?: SeatListener | undefined;
  /** Milliseconds to wait for a free seat when all are in use, in the queue where the licence has one. Default 0. */
  readonly wait?: number | undefined;
  /** Milliseconds to go on trying at the start while the server cannot be reached and no licence is kept. Default 30,000. */
  readonly patience?: number | undefined;
  /** Milliseconds for one request. Default 10,000. */
  readonly timeout?: number | undefined;
  /** Give the seat back when the program ends or the page is left. Default true. */
  readonly releaseOnExit?: boolean | undefined;
  /** Accept a licence without a signature, which anybody can write. Default false. */
  readonly allowUnsigned?: boolean | undefined;
}

/** Options as they are used: texts in their one spelling, every default filled in. @internal */
export interface ReadOptions extends SeatOptions {
  /** Empty for a licence file. */
  readonly url: string;
  readonly licenseKey: string;
  readonly licenseFile: string | undefined;
  readonly application: string;
  readonly wait: number;
  readonly patience: number;
  readonly timeout: number;
  readonly releaseOnExit: boolean;
}

/** Milliseconds, three weeks: `setTimeout` takes a longer time for one of a millisecond. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const LONGEST_HARDWARE_ID = 256;
const LONGEST_PROCESS_ID = 128;

/** @throws TypeError that names the option: a mistake in the program, not in the world @internal */
export function readOptions(options: HoldOptions): ReadOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options: give an object');
  const product = readText('product', options.product, 'the product that your program is', cleanText);
  requireMethods('fetch', options.fetch);
  requireMethods('onEvent', options.onEvent);
  requireMethods('userToken', options.userToken);
  requireMethods('storage', options.storage, 'get', 'set', 'delete');
  requireMethods('signal', options.signal, 'addEventListener', 'removeEventListener');
  return {
    ...options,
    product,
    userEmail: readShown('userEmail', options.userEmail),
    hostname: readDescription('hostname', options.hostname),
    platform: readDescription('platform', options.platform),
    clientVersion: readShown('clientVersion', options.clientVersion),
    processId: readProcessId(options.processId),
    takeOver: readSwitch('takeOver', options.takeOver, false) || undefined,
    allowUnsigned: readSwitch('allowUnsigned', options.allowUnsigned, false),
    keys: readKeys(options.keys),
    ...readSource(options),
    application: readText('application', options.application ?? product, 'a short name of your program', cleanText),
    hardwareId: readHardwareId(options.hardwareId),
    wait: milliseconds('wait', options.wait, 0),
    patience: milliseconds('patience', options.patience, 30_000),
    timeout: milliseconds('timeout', options.timeout, 10_000),
    releaseOnExit: readSwitch('releaseOnExit', options.releaseOnExit, true),
  };
}

function readSource({
  licenseFile,
  url,
  licenseKey,
}: HoldOptions): Pick<ReadOptions, 'url' | 'licenseKey' | 'licenseFile'> {
  if (licenseFile !== undefined) {
    const file = readText('licenseFile', licenseFile, 'the text of a licence file', (text) => text.trim());
    return { licenseFile: file, url: '', licenseKey: '' };
  }
  return {
    licenseFile,
    url: readUrl(url),
    licenseKey: readText('licenseKey', licenseKey, 'the key of the licence', normalizeLicenseKey),
  };
}

function readText(name: string, value: unknown, what: string, clean: (text: string) => string): string {
  if (typeof value !== 'string') throw new TypeError(`${name}: give ${what}, not ${describe(value)}`);
  const text = clean(value);
  if (text === '') throw new TypeError(`${name}: give ${what}, not an empty text`);
  return text;
}

function readKeys(value: unknown): KeySource | KeyMaterial {
  if ((typeof value === 'object' && value !== null) || (typeof value === 'string' && value !== '')) return value;
  throw new TypeError('keys: give rootKey(...) with the root key that `countersign root` prints');
}

const describe = (value: unknown): string =>
  value === undefined || value === null ? `${value} (is the variable set that it is read from?)` : `a ${typeof value}`;

function readUrl(value: unknown): string {
  const text = readText('url', value, 'the http or https address of the licence server', (given) => given.trim());
  const url = readServerUrl(text);
  if (url !== undefined) return url;
  // Not the text: it may hold a password.
  throw new TypeError(
    'url: give the http or https address of the licence server alone, without name and password, query and fragment',
  );
}

/** A text that administrators are shown; null and an empty one are nothing. */
function readShown(name: string, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new TypeError(`${name}: give a text, not ${describe(value)}`);
  return cleanText(value) || undefined;
}

/** The same, and `false` for not sending what the platform knows. */
const readDescription = (name: string, value: unknown): string | false | undefined =>
  value === false ? false : readShown(name, value);

function readSwitch(name: string, value: unknown, otherwise: boolean): boolean {
  if (value === undefined) return otherwise;
  if (typeof value !== 'boolean') throw new TypeError(`${name}: give true or false, not ${describe(value)}`);
  return value;
}

/** What is called later, when nobody would know any more which option was meant. */
function requireMethods(name: string, value: unknown, ...methods: readonly string[]): void {
  if (value === undefined) return;
  const has = (method: string) =>
    typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
  if (methods.length === 0 ? typeof value === 'function' : methods.every(has)) return;
  const what = methods.length === 0 ? 'a function' : `an object with ${methods.join(', ')}`;
  throw new TypeError(`${name}: give ${what}, not ${describe(value)}`);
}

function readHardwareId(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const what = `1 to ${LONGEST_HARDWARE_ID} characters, or leave it out`;
  const text = readText('hardwareId', value, what, cleanText);
  if (text.length > LONGEST_HARDWARE_ID) throw new TypeError(`hardwareId: give ${what}`);
  return text;
}

function readProcessId(value: unknown): string | undefined {
  const text = readShown('processId', value);
  if ((text?.length ?? 0) > LONGEST_PROCESS_ID) {
    throw new TypeError(`processId: give 1 to ${LONGEST_PROCESS_ID} characters, or leave it out`);
  }
  return text;
}

function milliseconds(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !(value >= 0)) throw new TypeError(`${name}: give milliseconds, 0 or more`);
  return Math.min(value, LONGEST_TIMEOUT);
}
