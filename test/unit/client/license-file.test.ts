import { describe, expect, test } from 'vitest';
import { rootKey } from '../../../client/src/keys/root.ts';
import { verifyLicense } from '../../../client/src/license/verify.ts';
import { writeLicenseFile } from '../../../shared/license-format/license-file.ts';
import { formatTime } from '../../../shared/license-format/time.ts';
import { localKeys } from '../shared/crypto/local-key.ts';
import {
  DAY,
  directory,
  directoryStatement,
  documentOf,
  listOf,
  root,
  START,
  sign,
  version,
} from '../shared/keys/signed-list.ts';

const signer = version(1, localKeys.first);
const licenseOf = (changes: object = {}) =>
  sign(
    {
      kind: 'seat',
      hardware_id: 'm',
      key_version: signer.keyVersion,
      signed_at: formatTime(START),
      valid_until: formatTime(START + 500 * DAY),
      ...changes,
    },
    localKeys.first,
  );
const license = await licenseOf();
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

test('it lives for 366 days, and its key counts until 460 days after it began to sign; the end of its list does not count', async () => {
  expect([await verdict(file, START + 366 * DAY - 1), await verdict(file, START + 366 * DAY)]).toEqual([
    'valid',
    'stale',
  ]);
  const late = writeLicenseFile({
    license: await licenseOf({ signed_at: formatTime(START + 200 * DAY) }),
    ...document,
  });
  expect([await verdict(late, START + 460 * DAY - 1), await verdict(late, START + 460 * DAY)]).toEqual([
    'valid',
    'keys_expired',
  ]);
  const timeless = { kind: 'seat', hardware_id: 'm', key_version: signer.keyVersion };
  expect(await verdict(writeLicenseFile({ license: await sign(timeless, localKeys.first), ...document }))).toBe(
    'malformed',
  );
});

test('its list is one that its directory key may have signed, and the one that the signer had', async () => {
  const list = listOf([signer], START + DAY);
  const made = async (statement: ReturnType<typeof directoryStatement>, changes = {}) =>
    verdict(
      writeLicenseFile({ license: await licenseOf(changes), ...(await documentOf(list, statement)) }),
      START + 2 * DAY,
    );
  const until = (time: number) => directoryStatement({ valid_until: formatTime(time) });
  expect(await made(until(START + DAY - 14 * DAY))).toBe('valid');
  expect(await made(until(START + DAY - 14 * DAY - 1))).toBe('keys_expired');
  expect(await made(directoryStatement({ valid_from: formatTime(START + 3 * DAY) }))).toBe('not_yet_valid');
  expect(await made(directoryStatement(), { keys_sequence: list.sequence })).toBe('valid');
  expect(await made(directoryStatement(), { keys_sequence: list.sequence + 1 })).toBe('untrusted_keys');
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
