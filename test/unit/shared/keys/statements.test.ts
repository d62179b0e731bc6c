import { describe, expect, it } from 'vitest';
import { readDirectoryStatement, readListedKeys, readRoots, readSignedKeyList } from '#shared/keys/statements.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { createLocalKey, localKeys } from '../crypto/local-key.ts';
import { directory, directoryStatement, documentOf, listOf, root, START, sign, version } from './signed-list.ts';

const roots = [root.publicKey];
const newRoot = createLocalKey('licenses.3');
const list = listOf([version(1, localKeys.second)]);

const endorsement = (by = root, changes: Readonly<Record<string, unknown>> = {}) =>
  sign(
    {
      kind: 'root',
      pem: newRoot.publicKey.pem,
      root_version: 'license-root.2',
      endorsed_at: formatTime(START),
      ...changes,
    },
    by,
  );
const replaced = async (by = root, changes: Readonly<Record<string, unknown>> = {}) =>
  directoryStatement({ root_version: 'license-root.2', endorsement: await endorsement(by, changes) }, newRoot);

describe('a signed key list', () => {
  it('is read when root and directory signed it', async () => {
    const read = readSignedKeyList(JSON.parse(JSON.stringify(await documentOf(list))), roots);
    expect(readListedKeys(read.list)).toEqual({ keys: list.keys, unreadable: 0 });
  });

  it('may have members that are not known here: they are signed, too', async () => {
    const more = { ...list, later: { added: [1] } };
    expect(readSignedKeyList(await documentOf(more), roots).list).toMatchObject({ later: { added: [1] } });
  });

  it('hides no key because of one of another form', async () => {
    const odd = { key_version: 'licenses.9', algorithm: 'EC_SIGN_P256_SHA256' };
    const document = await documentOf({ ...list, keys: [odd, ...list.keys] } as never);
    expect(readListedKeys(readSignedKeyList(document, roots).list)).toEqual({ keys: list.keys, unreadable: 1 });
  });

  it.each([
    [
      'a changed list',
      async () => ({ ...(await documentOf(list)), list: { ...(await documentOf(list)).list, sequence: 9e9 } }),
    ],
    ['a list signed by the root', () => documentOf(list, directoryStatement(), root)],
    ['a list signed by a key of its own', () => documentOf(list, directoryStatement(), newRoot)],
  ])('%s is refused', async (_what, document) => {
    expect(() => readSignedKeyList({}, roots)).toThrow();
    const value = await document();
    expect(() => readSignedKeyList(value, roots)).toThrow(expect.objectContaining({ code: 'bad_list_signature' }));
  });

  it.each([
    ['another root', async () => directoryStatement({}, newRoot), 'bad_root_signature'],
    [
      'a changed end',
      async () => ({ ...(await directoryStatement()), valid_until: formatTime(START * 2) }),
      'bad_root_signature',
    ],
    ['an endorsement by a stranger', async () => replaced(newRoot), 'unknown_root'],
    [
      'an endorsement of another version',
      async () => replaced(root, { root_version: 'license-root.3' }),
      'bad_root_signature',
    ],
    [
      'an endorsement of another key',
      async () => replaced(root, { pem: directory.publicKey.pem }),
      'bad_root_signature',
    ],
    ['no statement at all', async () => ({ kind: 'directory' }), 'malformed'],
  ])('a directory statement with %s is refused', async (_what, statement, code) => {
    const value = await statement();
    expect(() => readDirectoryStatement(value, roots)).toThrow(expect.objectContaining({ code }));
  });

  it('follows a root that the pinned one endorsed, and one that is pinned itself', async () => {
    const document = await documentOf(list, replaced() as never);
    expect(readSignedKeyList(document, roots).root.root_version).toBe('license-root.2');
    expect(readSignedKeyList(document, [newRoot.publicKey, root.publicKey]).list.sequence).toBe(list.sequence);
  });

  it('takes roots from PEM blocks, and names a text without any', () => {
    const text = `# ours\n${root.publicKey.pem}\n${newRoot.publicKey.pem}`;
    expect(readRoots(text).map(({ kid }) => kid)).toEqual([root.publicKey.kid, newRoot.publicKey.kid]);
    expect(() => readRoots('nothing')).toThrow('no PUBLIC KEY block');
  });
});
