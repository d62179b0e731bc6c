import { formatTime, parseTime } from '../../../shared/license-format/time.ts';
import type { ValidLicense } from '../license/result.ts';
import { type VerifyOptions, verifyLicense } from '../license/verify.ts';
import { cleanText } from '../text/clean.ts';
import { EXIT, usageError } from './exit.ts';
import { readInput } from './input.ts';
import { keysFor } from './keys-for.ts';
import type { Terminal } from './terminal.ts';

export interface VerifyArguments {
  readonly file: string;
  readonly root?: string | undefined;
  readonly keys?: string | undefined;
  readonly url?: string | undefined;
  /** Without one the product is not looked at. */
  readonly product?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly features: readonly string[];
  readonly at?: string | undefined;
  readonly json: boolean;
}

/** Who may use what, until when, and who says so. */
const CLAIMS =
  'kind mode license_id tenant_id product tier user_email hardware_id signed_at valid_until borrowed_until expires_at'.split(
    ' ',
  );

/** What a person wants to know of a valid licence; without a value what it does not say. */
function describe({ claims, keyVersion, keyList }: ValidLicense): (readonly [string, unknown])[] {
  const lines = CLAIMS.map(
    (name) => [name, name === 'expires_at' && claims[name] === null ? 'never' : (claims[name] ?? undefined)] as const,
  );
  const list = keyList && `${keyList.sequence}, good until ${formatTime(keyList.expiresAt)}`;
  return [...lines, ['key_version', keyVersion], ['key_list', list]];
}

/** `countersign verify`: 0 for a licence that is valid, 1 for one that is not. */
export async function verifyCommand(args: VerifyArguments, terminal: Terminal): Promise<number> {
  const now = args.at === undefined ? undefined : parseTime(cleanText(args.at));
  if (args.at !== undefined && now === undefined) throw usageError(`--at ${args.at} is no RFC 3339 time.`);
  const keys = await keysFor(args, terminal);
  const options: VerifyOptions = {
    features: args.features,
    ...(now === undefined ? {} : { now }),
    ...(args.product === undefined ? {} : { product: cleanText(args.product) }),
    ...(args.hardwareId === undefined ? {} : { hardwareId: cleanText(args.hardwareId) }),
  };
  const check = await verifyLicense(await readInput(args.file, terminal), keys, options);
  if (args.json) terminal.out(`${JSON.stringify(check)}\n`);
  else if (!check.valid) terminal.err(`not valid (${check.reason}): ${check.message}\n`);
  else {
    const lines = describe(check)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `  ${name.padEnd(14)} ${String(value)}\n`);
    terminal.out(`valid (${check.form})\n${lines.join('')}`);
  }
  if (check.valid) return EXIT.ok;
  return check.reason === 'keys_unavailable' ? EXIT.unreachable : EXIT.invalid;
}
