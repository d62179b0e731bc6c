import { requestCode } from '../../../shared/license-format/request-code.ts';
import { nodePlatform } from '../platform/node.ts';
import { guardedStorage } from '../storage/guarded.ts';
import { cleanText } from '../text/clean.ts';
import { EXIT } from './exit.ts';
import { productOf } from './product.ts';
import type { Terminal } from './terminal.ts';

export interface HardwareIdArguments {
  readonly application?: string | undefined;
  readonly product?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly json: boolean;
}

/**
 * `countersign hardware-id`: the id that `hold` would send from here with the same options, for a program to read, and
 * beside it the same as a code for a person to type where the machine's licence file is made.
 */
export async function hardwareIdCommand(args: HardwareIdArguments, terminal: Terminal): Promise<number> {
  const { out, err } = terminal;
  const application = cleanText(args.application ?? '') || productOf(args.product, terminal);
  const storage = guardedStorage(
    () => nodePlatform.defaultStorage(application),
    (cause) => err(`countersign: nothing can be kept on this machine (${cause}); a random id will not last\n`),
  );
  const given = cleanText(args.hardwareId ?? '');
  const id = given === '' ? cleanText(await nodePlatform.hardwareId(application, storage)) : given;
  const code = requestCode(id);
  out(args.json ? `${JSON.stringify({ application, hardware_id: id, request_code: code })}\n` : `${id}\n`);
  if (!args.json) err(`countersign: request code ${code}\n`);
  return EXIT.ok;
}
