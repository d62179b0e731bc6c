import { fromBase64, sha256, toHex } from '../encoding.ts';
import { EXIT } from './exit.ts';
import { serverOf } from './keys-for.ts';
import { load } from './load.ts';
import type { Terminal } from './terminal.ts';

export interface RootArguments {
  readonly url?: string | undefined;
  readonly json: boolean;
}

const PATH = '/api/v1/root-keys.pem';
const PEM = /-----BEGIN PUBLIC KEY-----([^-]+)-----END PUBLIC KEY-----\r?\n?/g;

/** `countersign root`: the root keys to pin, on standard output, and on standard error how to tell that they are the right ones. */
export async function rootCommand(args: RootArguments, terminal: Terminal): Promise<number> {
  const server = serverOf(args.url, terminal);
  const pems = await load(server, PATH, (text) => text.match(PEM) ?? undefined);
  const roots = await Promise.all(pems.map(async (pem) => ({ pem, sha256: await fingerprint(pem) })));
  if (args.json) terminal.out(`${JSON.stringify({ roots })}\n`);
  else {
    for (const { pem } of roots) terminal.out(pem.endsWith('\n') ? pem : `${pem}\n`);
    for (const root of roots) terminal.err(`SHA-256 ${root.sha256}: compare it with what your vendor names\n`);
  }
  return EXIT.ok;
}

/** Of the DER, as `openssl pkey -pubin -outform DER | sha256sum` prints it. */
async function fingerprint(pem: string): Promise<string> {
  const der = fromBase64(pem.replace(/-----(BEGIN|END) PUBLIC KEY-----|\s/g, ''));
  return der === undefined ? 'of something that is no key' : toHex(await sha256(der));
}
