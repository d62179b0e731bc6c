import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from './attack.ts';

/** A defence of the client, and the edit that takes it away. */
export interface Defence {
  readonly name: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const VERIFY = 'client/src/license/verify.ts';
const LIST = 'client/src/keys/signed-list.ts';
const ROOT_KEY = 'client/src/keys/root.ts';
const CLOCK = 'client/src/trusted-clock.ts';

export const DEFENCES: readonly Defence[] = [
  {
    name: 'an answer repeats the nonce of its request',
    file: VERIFY,
    from: "if (nonce !== undefined && claims['nonce'] !== nonce) return refuse('wrong_nonce');",
    to: '',
  },
  {
    name: 'only the licence of a seat is one (kind)',
    file: VERIFY,
    from: "if (kind !== undefined && claims['kind'] !== kind) return refuse('wrong_kind');",
    to: '',
  },
  {
    name: 'the licence is for this product',
    file: VERIFY,
    from: "if (product !== undefined && (claims['product'] ?? 'default') !== product) return refuse('wrong_product');",
    to: '',
  },
  {
    name: 'the licence is for this machine',
    file: VERIFY,
    from: "if (hardwareId !== undefined && claims['hardware_id'] !== hardwareId) return refuse('wrong_hardware');",
    to: '',
  },
  {
    name: 'the signature fits',
    file: VERIFY,
    from: 'if (await check(key, message, signature)) return key;',
    to: 'return key;',
  },
  {
    name: 'data without a signature is no licence',
    file: VERIFY,
    from: "options.allowUnsigned ? judge(parsed.claims, { form: 'unsigned' }, options) : refuse('unsigned')",
    to: "judge(parsed.claims, { form: 'unsigned' }, options)",
  },
  {
    name: 'a copy ends (valid_until)',
    file: 'client/src/license/times.ts',
    from: "return validUntil !== undefined && validUntil <= now ? 'stale' : undefined;",
    to: 'return undefined;',
  },
  {
    name: 'a key list ends',
    file: VERIFY,
    from: "if (trustedUntil <= present) return refuse('keys_expired');",
    to: '',
  },
  {
    name: 'a list with a lower number is refused (sequence)',
    file: LIST,
    from: "if (list.sequence < known.sequence) throw new KeyListError('lower_sequence');",
    to: '',
  },
  {
    name: 'a list under an earlier statement of the root is refused',
    file: LIST,
    from: "if (later < 0) throw new KeyListError('older_root_statement');",
    to: '',
  },
  {
    name: 'a revoked key is refused',
    file: ROOT_KEY,
    from: "if (names.some((one) => revoked.has(one) || alsoRevoked?.has(one))) return 'revoked';",
    to: '',
  },
  {
    name: 'the list is signed by the directory key',
    file: LIST,
    from: "if (!(await isSignedBy(directory, list, check))) throw new KeyListError('bad_list_signature');",
    to: '',
  },
  {
    name: 'the directory key is signed by the root',
    file: LIST,
    from: 'if (await isSignedByAny(roots, root, check)) return endorsements;',
    to: 'return endorsements;',
  },
  {
    name: 'a strict copy starts nothing',
    file: 'client/src/seat/acquire.ts',
    from: "if (check.valid && !worksOffline(check)) return nothing('strict');",
    to: '',
  },
  {
    name: 'the time is noted while a kept copy is used',
    file: 'client/src/seat/cache.ts',
    from: 'const latest = isKept ? clock.latest() : undefined;',
    to: 'const latest: number | undefined = undefined;',
  },
  {
    name: 'a later start remembers the noted time (trusted clock)',
    file: CLOCK,
    from: 'if (Number.isFinite(time)) seen = Math.max(seen, time);',
    to: '',
  },
  {
    name: 'time does not go back within a run (trusted clock)',
    file: CLOCK,
    from: 'anchor ??= { time: Math.max(source.now(), floor()), clocks: clocks() };',
    to: '',
  },
  {
    name: 'time goes on while the machine sleeps (trusted clock)',
    file: CLOCK,
    from: 'source.sinceBoot?.() ?? 0',
    to: '0',
  },
  {
    name: 'an answer tells the time of its request (trusted clock)',
    file: CLOCK,
    from: 'anchor = { time, clocks: asked };',
    to: 'anchor = { time, clocks: clocks() };',
  },
  {
    name: 'a licence file ends after 366 days',
    file: VERIFY,
    from: 'inFile ? limitFile(readTimes(claims)) : readTimes(claims)',
    to: 'readTimes(claims)',
  },
];

const PROJECT = resolve(import.meta.dirname, '../../../..');

/** The client as it is, or a copy of its sources without one defence. */
export async function loadClient(defence?: Defence): Promise<Client> {
  if (defence === undefined) {
    return {
      index: await import('../../../../client/src/index.ts'),
      hold: await import('../../../../client/src/seat/hold.ts'),
    };
  }
  const folder = join(PROJECT, '.local/test/attacks', String(DEFENCES.indexOf(defence)));
  await rm(folder, { recursive: true, force: true });
  for (const part of ['client/src', 'shared/license-format']) {
    await cp(join(PROJECT, part), join(folder, part), { recursive: true });
  }
  const file = join(folder, defence.file);
  const text = await readFile(file, 'utf8');
  if (text.split(defence.from).length !== 2)
    throw new Error(`${defence.name}: its code is not in ${defence.file} any more`);
  await writeFile(file, text.replace(defence.from, defence.to));
  const load = (path: string) => import(/* @vite-ignore */ join(folder, path));
  return { index: await load('client/src/index.ts'), hold: await load('client/src/seat/hold.ts') };
}
