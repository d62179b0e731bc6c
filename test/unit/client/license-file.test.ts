import { describe, expect, test } from 'vitest';
import { rootKey } from '../../../client/src/keys/root.ts';
import { verifyLicense } from '../../../client/src/license/verify.ts';
import { writeLicenseFile } from '../../../shared/license-format/license-file.ts';
import { formatTime } from '../../../shared/license-format/time.ts';
import { localKeys } from '../shared/crypto/local-key.ts';
import { DAY, directory, documentOf, listOf, root, START, sign, version } from '../shared/keys/signed-list.ts';

const signer = version(1, localKeys.first);
const license = await sign(
  { kind: 'seat', hardware_id: 'm', key_version: signer.keyVersion, valid_until: formatTime(START + 500 * DAY) },
  localKeys.first,
);
const document = await documentOf(listOf([signer]));
const file = writeLicenseFile({ license, ...document });

const verdict = async (text: unknown, now = START + DAY, pem = root.publicKey.pem) => {
  const check = await verifyLicense(text, rootKey(pem), { now, hardwareId: 'm' });
  return check.valid ? 'valid' : check.reason;
};

describe('a licence file verifies with the root alone', () => {
  const utf16 = Uint8Array.from(Buffer.from(`\ufeff${file}`, 'utf16le'));
  test.each([
    ['as it is', file],
    ['as the member of an answer', { license_file: file }],
    ['as an answer in JSON', JSON.stringify({ license_file: file })],
    ['with a byte order mark', `\ufeff${file}`],
    ['in UTF-16', utf16],
    ['with Windows line ends', file.replaceAll('\n', '\r\n')],
    ['quoted in the answer to a mail', `Hello,\n\n${file.replace(/^/gm, '> > ')}\nregards`],
    ['wrapped at 40 columns', file.replace(/[A-Za-z0-9+/=]{40}/g, '$&\n')],
    ['on one line', file.replaceAll('\n', ' ')],
    ['in quoted-printable', file.replaceAll('=', '=3D').replace(/.{60}/g, '$&=\n')],
    ['indented', file.replace(/^/gm, '\t  ')],
  ])('%s', async (_what, text) => {
    expect(await verdict(text)).toBe('valid');
  });
});

test('the end of its list does not count, and its key does for 460 days', async () => {
  expect([await verdict(file, START + 459 * DAY), await verdict(file, START + 460 * DAY)]).toEqual([
    'valid',
    'keys_expired',
  ]);
});

test.each([
  ['another root', file, directory.publicKey.pem, 'untrusted_keys'],
  [
    'a licence changed',
    writeLicenseFile({ license: { ...license, hardware_id: 'n' }, ...document }),
    undefined,
    'bad_signature',
  ],
  [
    'a list changed',
    writeLicenseFile({ license, root: document.root, list: { ...document.list, sequence: 1 } }),
    undefined,
    'untrusted_keys',
  ],
  ['no list', writeLicenseFile({ license, root: document.root, list: undefined }), undefined, 'malformed'],
  ['cut off', file.replace(/.+\n-----END/, '-----END'), undefined, 'malformed'],
])('%s: refused', async (_what, text, pem, expected) => {
  expect(await verdict(text, START + DAY, pem)).toBe(expected);
});

test('a revoked key is refused', async () => {
  const second = version(2, localKeys.second);
  const list = listOf([signer, second], START, undefined, [{ keyVersion: signer.keyVersion, at: START }]);
  expect(await verdict(writeLicenseFile({ license, ...(await documentOf(list)) }))).toBe('revoked');
});
