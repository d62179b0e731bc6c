import { nodePlatform } from '../platform/node.ts';
import { guardedStorage } from '../storage/guarded.ts';
import { cleanText } from '../text/clean.ts';
import { programName } from './application.ts';
import { EXIT, usageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

export interface HardwareIdArguments {
  readonly application?: string | undefined;
  readonly hardwareId?: string | undefined;
  readonly json: boolean;
  readonly command: readonly string[];
}

/** `countersign hardware-id`: the id that `hold` would send from here with the same options. */
export async function hardwareIdCommand(args: HardwareIdArguments, { out, err }: Terminal): Promise<number> {
  const [program = ''] = args.command;
  const application = programName(args.application, program);
  if (application === '') throw usageError('Give --application, or the command after --.');
  const storage = guardedStorage(
    () => nodePlatform.defaultStorage(application),
    (cause) => err(`countersign: nothing can be kept on this machine (${cause}); a random id will not last\n`),
  );
  const given = cleanText(args.hardwareId ?? '');
  const id = given === '' ? cleanText(await nodePlatform.hardwareId(application, storage)) : given;
  out(args.json ? `${JSON.stringify({ application, hardware_id: id })}\n` : `${id}\n`);
  return EXIT.ok;
}
