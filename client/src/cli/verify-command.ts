import { parseTime } from '../../../shared/license-format/time.ts';
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
    const { license_id, tier, expires_at, valid_until } = check.claims;
    const lines = Object.entries({ license_id, tier, expires_at, valid_until, key_version: check.keyVersion })
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([name, value]) => `  ${name.padEnd(12)} ${String(value)}\n`);
    terminal.out(`valid (${check.form})\n${lines.join('')}`);
  }
  if (check.valid) return EXIT.ok;
  return check.reason === 'keys_unavailable' ? EXIT.unreachable : EXIT.invalid;
}
