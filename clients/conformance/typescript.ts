import { constants, createPublicKey, verify as verifySignature } from 'node:crypto';
import { createInterface } from 'node:readline';
import { hashedHardwareId } from '../../client/src/hardware-id.ts';
import { checkSignature } from '../../client/src/keys/check-signature.ts';
import { pinnedKeys } from '../../client/src/keys/pinned.ts';
import { rootKey } from '../../client/src/keys/root.ts';
import { worksOffline } from '../../client/src/license/strict.ts';
import { verifyLicense } from '../../client/src/license/verify.ts';
import { nodePlatform } from '../../client/src/platform/node.ts';
import { SeatError } from '../../client/src/seat/error.ts';
import type { SeatEvent } from '../../client/src/seat/events.ts';
import { holdSeatOn } from '../../client/src/seat/hold.ts';
import type { Seat } from '../../client/src/seat/seat.ts';
import { fileStorage } from '../../client/src/storage/file.ts';
import { memoryStorage } from '../../client/src/storage/memory.ts';
import { createTrustedClock } from '../../client/src/trusted-clock.ts';
import { canonicalJson } from '../../shared/license-format/canonical-json.ts';
import { normalizeLicenseKey } from '../../shared/license-format/license-key.ts';
import { line } from './adapter.ts';

/** The adapter of the client in TypeScript (README.md). */
const HOUR = 3_600_000;
const broken = process.argv.includes('--broken') ? process.argv.at(-1) : undefined;
let offset = 0;
let seat: Seat | undefined;

const say = (message: object) => process.stdout.write(`${line(message)}\n`);

const platform = { ...nodePlatform, now: () => Date.now() + offset };

/** As a library does that takes the form of a signature from elsewhere. */
const anyForm: typeof checkSignature = async (key, message, signature) => {
  if (await checkSignature(key, message, signature)) return true;
  const publicKey = createPublicKey({ key: { kty: 'RSA', n: key.n, e: key.e }, format: 'jwk' });
  return verifySignature('sha256', message, { key: publicKey, padding: constants.RSA_PKCS1_PSS_PADDING }, signature);
};

/** As a client does that overlooks what a borrowed copy says of itself: it judges other claims than those that were signed. */
function overlook(text: string): { readonly text: string; readonly check: typeof checkSignature } | undefined {
  if (broken !== 'mode' && broken !== 'borrowed_until') return undefined;
  if (!text.startsWith('{"kind":"seat","mode":"borrowed"')) return undefined;
  const { signature, ...claims } = JSON.parse(text);
  const signed = Buffer.from(canonicalJson(claims));
  const seen = broken === 'mode' ? { mode: undefined } : { borrowed_until: claims.valid_until };
  return {
    text: JSON.stringify({ ...claims, ...seen, signature }),
    check: (key, _message, bytes) => checkSignature(key, signed, bytes),
  };
}

function tell(event: SeatEvent): void {
  const { type } = event;
  const code = 'code' in event ? { code: event.code } : {};
  const reason = 'reason' in event ? { reason: event.reason } : {};
  const end = type === 'released' ? { confirmed: event.confirmed, still_held: event.stillHeld } : {};
  const place = type === 'queued' ? { position: event.position, queue_length: event.queueLength } : {};
  const borrowed = type === 'borrowed' ? { borrowed_until_ms: event.borrowedUntil } : {};
  say({ event: { type, ...code, ...reason, ...end, ...place, ...borrowed } });
}

interface HoldCommand {
  readonly url: string;
  readonly license_key: string;
  readonly product: string;
  readonly root: string;
  readonly storage: string;
  readonly hardware_id?: string;
  readonly application?: string;
  readonly wait_ms?: number;
  readonly patience_ms?: number;
  readonly timeout_ms?: number;
  readonly license_file?: string;
  readonly process_id?: string;
  readonly take_over?: boolean;
  readonly user_token?: string;
  readonly user_token_once?: boolean;
}

/** An error of the client, as the protocol has it. */
function failed(error: unknown): object {
  if (!(error instanceof SeatError)) throw error;
  const { code, reason, maxSeconds, borrowedUntil } = error;
  return { ok: false, code, reason, max_seconds: maxSeconds, borrowed_until_ms: borrowedUntil };
}

let giveUp = new AbortController();

/** What a program does whose user has signed out, and so has no token; with `once` the user is asked again, and never answers. */
function userTokens({
  user_token: token,
  user_token_once: once,
}: HoldCommand): (() => string | Promise<string>) | undefined {
  if (token === undefined) return undefined;
  let given = 0;
  return () => {
    if (token === '') throw new Error('signed out');
    given += 1;
    return once && given > 1 ? new Promise<string>(() => {}) : token;
  };
}

async function hold(options: HoldCommand): Promise<object> {
  giveUp = new AbortController();
  const { license_file: licenseFile } = options;
  const source = licenseFile === undefined ? { url: options.url, licenseKey: options.license_key } : { licenseFile };
  try {
    seat = await holdSeatOn(platform, {
      ...source,
      product: options.product,
      keys: rootKey(options.root),
      storage: fileStorage(options.storage),
      hardwareId: options.hardware_id,
      application: options.application,
      wait: options.wait_ms,
      patience: options.patience_ms,
      timeout: options.timeout_ms,
      processId: options.process_id,
      takeOver: options.take_over,
      userToken: userTokens(options),
      signal: giveUp.signal,
      onEvent: tell,
    });
    return { ok: true, state: seat.state };
  } catch (error) {
    return failed(error);
  }
}

async function wish(work: Promise<void> | undefined): Promise<object> {
  try {
    await work;
    return { ok: true, ...stateOfSeat() };
  } catch (error) {
    return failed(error);
  }
}

const stateOfSeat = () => ({ state: seat?.state, borrowed_until_ms: seat?.borrowedUntil });

interface VerifyCommand {
  readonly vector: {
    readonly license?: string;
    readonly license_base64?: string;
    readonly now: string;
    readonly nonce?: string;
    readonly kind?: 'seat' | 'document';
    readonly product?: string;
    readonly hardware_id?: string;
    readonly features?: readonly string[];
    readonly clock?: { readonly noted?: string };
    readonly start?: 'offline';
  };
  readonly roots?: readonly string[];
  readonly documents?: readonly unknown[];
  readonly keys?: object;
}

async function verify({ vector, roots, documents = [], keys }: VerifyCommand): Promise<object> {
  const wall = Date.parse(vector.now);
  let time = wall - documents.length * 2 * HOUR;
  let served: unknown;
  const surroundings = {
    url: 'http://licenses.example',
    storage: memoryStorage(),
    now: () => time,
    fetch: async () => {
      if (served === undefined || served === null) throw new Error('no network');
      return { ok: true, status: 200, headers: { get: () => null }, text: async () => JSON.stringify(served) };
    },
    ...(broken === 'signature' ? { checkSignature: anyForm } : {}),
  };
  let source = roots === undefined ? pinnedKeys(keys ?? {}) : rootKey(roots, surroundings);
  for (const document of documents) {
    time += 2 * HOUR;
    served = document;
    // A source that remembers nothing takes whatever list it is served.
    if (broken === 'sequence' && roots !== undefined)
      source = rootKey(roots, { ...surroundings, storage: memoryStorage() });
    await source.find({ keyVersion: 'vectors.0' }).catch(() => undefined);
  }
  const { nonce, kind, product, hardware_id, features, clock: judged, start } = vector;
  const clock = createTrustedClock({ now: () => wall, monotonic: () => 0 });
  if (judged?.noted !== undefined && broken !== 'clock') clock.remember(Date.parse(judged.noted));
  const text = vector.license ?? Uint8Array.from(Buffer.from(vector.license_base64 ?? '', 'base64'));
  const overlooked = typeof text === 'string' ? overlook(text) : undefined;
  const check = await verifyLicense(overlooked?.text ?? text, source, {
    ...(judged === undefined ? { now: wall } : { clock }),
    nonce,
    ...(kind === undefined ? {} : { kind }),
    ...(product === undefined ? {} : { product }),
    ...(hardware_id === undefined ? {} : { hardwareId: hardware_id }),
    ...(features === undefined ? {} : { features }),
    ...(broken === 'signature' ? { checkSignature: anyForm } : {}),
    ...(overlooked === undefined ? {} : { checkSignature: overlooked.check }),
  });
  if (!check.valid) return { ok: true, verdict: check.reason };
  return { ok: true, verdict: start === 'offline' && !worksOffline(check) ? 'strict' : 'valid' };
}

interface MeasureCommand {
  readonly license: string;
  readonly root: string;
  readonly document: { readonly list: { readonly keys: readonly { readonly pem: string }[] } };
  readonly count: number;
}

/** The whole check of a licence, beside the bare check of its signature. */
async function measure({ license, root, document, count }: MeasureCommand): Promise<object> {
  const text = JSON.stringify(document);
  const fetch = async () => ({ ok: true, status: 200, headers: { get: () => null }, text: async () => text });
  const source = rootKey(root, { url: 'http://licenses.example', storage: memoryStorage(), fetch });
  const { signature, ...claims } = JSON.parse(license);
  const [message, bytes] = [Buffer.from(canonicalJson(claims)), Buffer.from(signature, 'base64')];
  const key = createPublicKey(document.list.keys[0]?.pem ?? '');
  const microseconds = async (work: () => unknown) => {
    const begun = performance.now();
    for (let round = 0; round < count; round += 1) await work();
    return ((performance.now() - begun) * 1000) / count;
  };
  const checkAll = async () => {
    const check = await verifyLicense(license, source);
    if (!check.valid) throw new Error(check.reason);
  };
  await microseconds(checkAll); // unmeasured: the code is compiled while it runs
  const raw = await microseconds(() => verifySignature('sha256', message, key, bytes));
  return { ok: true, verify_us: await microseconds(checkAll), raw_us: raw };
}

type Command = { readonly id: number } & (
  | { readonly do: 'hold'; readonly options: HoldCommand }
  | { readonly do: 'release' | 'return_borrowed' | 'cancel' | 'state' | 'exit' }
  | { readonly do: 'borrow'; readonly seconds?: number }
  | { readonly do: 'clock'; readonly offset_ms: number }
  | ({ readonly do: 'verify' } & VerifyCommand)
  | { readonly do: 'hardware_id'; readonly application: string; readonly machine?: string }
  | { readonly do: 'license_key'; readonly text: string }
  | ({ readonly do: 'measure' } & MeasureCommand)
);

async function carryOut(command: Command): Promise<object> {
  switch (command.do) {
    case 'hold':
      return hold(command.options);
    case 'release':
      await seat?.release();
      return { ok: true, state: seat?.state };
    case 'state':
      return { ok: true, ...stateOfSeat(), tier: seat?.license.claims.tier };
    case 'borrow':
      return wish(seat?.borrow(command.seconds));
    case 'return_borrowed':
      return wish(seat?.returnBorrowed());
    case 'cancel':
      giveUp.abort();
      return { ok: true };
    case 'clock':
      offset = command.offset_ms;
      return { ok: true };
    case 'verify':
      return verify(command);
    case 'hardware_id': {
      const { application, machine } = command;
      const id =
        machine === undefined
          ? nodePlatform.hardwareId(application, memoryStorage())
          : hashedHardwareId(application, machine);
      return { ok: true, hardware_id: await id };
    }
    case 'measure':
      return measure(command);
    case 'license_key':
      return { ok: true, text: normalizeLicenseKey(command.text) };
    default:
      return { ok: false, code: 'unknown_command' };
  }
}

const input = createInterface({ input: process.stdin });
input.on('line', async (line) => {
  const command: Command = JSON.parse(line);
  if (command.do === 'exit') {
    input.close();
    process.stdin.destroy();
    return;
  }
  say({ id: command.id, ...(await carryOut(command)) });
});
