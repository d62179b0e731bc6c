import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { normalizeLicenseKey } from '#shared/license-format/license-key.ts';
import { parseTime } from '#shared/license-format/time.ts';
import { pinnedKeys, verifyLicense } from '../../../client/src/index.ts';
import { readKeys } from '../../../client/src/keys/material.ts';
import { cleanText } from '../../../client/src/text/clean.ts';
import { decodeText } from '../../../client/src/text/decode.ts';
import { readServerUrl } from '../../../client/src/text/server-url.ts';

const VECTORS = JSON.parse(readFileSync(join(resolve(import.meta.dirname, '../../vectors'), 'licenses.json'), 'utf8'));
const vector = (name: string): string => VECTORS.vectors.find((one: { name: string }) => one.name === name).license;
const [JSON_LICENSE, TOKEN] = [
  VECTORS.vectors.find(
    (one: { license: string; expected: string }) => one.expected === 'valid' && one.license.startsWith('{'),
  ),
  VECTORS.vectors.find(
    (one: { license: string; expected: string }) => one.expected === 'valid' && one.license.startsWith('eyJ'),
  ),
];
const KEYS = pinnedKeys(VECTORS.keys);
const check = async ({ now }: { now: string }, data: unknown) => {
  const result = await verifyLicense(data, KEYS, { now: Date.parse(now) });
  return result.valid ? 'valid' : result.reason;
};
const wrapped = (text: string, width: number, before = '') =>
  (text.match(new RegExp(`.{1,${width}}`, 'gs')) ?? []).map((line) => before + line).join('\r\n');

describe('a licence key', () => {
  test.each([
    ['figure dash', 'CS\u20120A1B2\u2012C3D4E'],
    ['minus sign', 'CS\u22120A1B2\u2212C3D4E'],
    ['underscores and dots', 'cs_0a1b2.c3d4e'],
    ['non-breaking and thin spaces', 'CS\u00a00A1B2\u2009C3D4E'],
    ['word joiner and direction marks', '\u200eCS-0A1B2\u2060-C3D4E\u200f'],
    ['mathematical letters', '\u{1d402}\u{1d412}-0A1B2-C3D4E'],
    ['guillemets', '\u00abCS-0A1B2-C3D4E\u00bb'],
    ['Markdown', '**`CS-0A1B2-C3D4E`**'],
    ['a line end in the middle', 'CS-0A1B2-\r\nC3D4E\r\n'],
    ['Arabic tatweel aside, small letters', 'cs 0a1b2 c3d4e'],
  ])('is one key with %s', (_what, typed) => {
    expect(normalizeLicenseKey(typed)).toBe('CS0A1B2C3D4E');
  });
});

test.each([
  ['\u201epod-7\u201c', 'pod-7'],
  ["'pod-7'\n", 'pod-7'],
  ['pod\u20137', 'pod-7'],
  ['ren\u2011d\u00ader', 'ren-der'],
  ['\ufeffpod-7\u200b', 'pod-7'],
  ['\uff50od\u3000\u00a0 7', 'pod 7'],
  ["O'Brien's PC", "O'Brien's PC"],
  ['""', '""'],
])('%j is cleaned to %j', (given, expected) => {
  expect(cleanText(given)).toBe(expected);
});

describe('a file', () => {
  const text = 'line one\nCS-1 ü ✓\n';
  test.each([
    ['UTF-8 with a mark', Buffer.from(`\ufeff${text}`)],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from(`\ufeff${text}`, 'utf16le').swap16()],
    ['UTF-16LE without', Buffer.from(text, 'utf16le')],
    ['UTF-16BE without', Buffer.from(text, 'utf16le').swap16()],
    ['CRLF', Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['old line ends', Buffer.from(text.replaceAll('\n', '\r'))],
  ])('in %s is the same text', (_what, bytes) => {
    expect(decodeText(bytes)).toBe(text);
  });
});

describe('a signed JSON licence verifies', () => {
  const { license } = JSON_LICENSE;
  const pretty = JSON.stringify(JSON.parse(license), null, 2);
  test.each([
    ['in UTF-16 as bytes', Buffer.from(`\ufeff${license}`, 'utf16le')],
    ['in UTF-16 that was read as UTF-8', Buffer.from(`\ufeff${license}`, 'utf16le').toString('utf8')],
    ['quoted twice', wrapped(pretty, 1e6).replace(/^/gm, '> > ')],
    ['wrapped inside its strings', wrapped(license, 60)],
    ['between greetings', `Dear customer,\n\n${license}\n\nYours {sincerely}\n`],
    ['as a text within JSON', JSON.stringify({ license_data: license })],
    ['after quoted-printable', license.replaceAll('=', '=3D').replace(/(.{70})/g, '$1=\n')],
    ['in a code block', `\`\`\`json\n${pretty}\n\`\`\``],
  ])('%s', async (_what, data) => {
    expect(await check(JSON_LICENSE, data)).toBe('valid');
  });

  test('but not when a mail program changed a value', async () => {
    expect(await check(JSON_LICENSE, license.replace('professional', 'enterprise'))).toBe('bad_signature');
  });
});

describe('a token verifies', () => {
  const { license } = TOKEN;
  test.each([
    ['wrapped at 64 columns', wrapped(license, 64)],
    ['quoted and wrapped', wrapped(license, 72, '>> ')],
    ['with a full stop', `${license}.`],
    ['in a sentence', `Your licence is ${license}, keep it.`],
    ['followed by a word on the next line', `${wrapped(license, 76)}\r\nRegards\r\n`],
    ['in angle brackets', `<${license}>`],
    ['with zero-width spaces', license.replace(/(.{40})/g, '$1\u200b')],
    ['in UTF-16', Buffer.from(license, 'utf16le')],
  ])('%s', async (_what, data) => {
    expect(await check(TOKEN, data)).toBe('valid');
  });

  test.each([
    ['a part too many', `${license}.${license.split('.')[2]}`],
    ['a signature cut short', license.slice(0, -3)],
    ['a character changed', license.replace(/.$/, (last: string) => (last === 'A' ? 'B' : 'A'))],
  ])('not with %s', async (_what, data) => {
    expect(await check(TOKEN, data)).not.toBe('valid');
  });
});

test('whatever is handed in, and however deeply nested, is an answer and no exception', async () => {
  let deep: unknown = 'x';
  for (let depth = 0; depth < 100_000; depth += 1) deep = depth % 2 ? { license_data: deep } : { license_token: deep };
  const circle: Record<string, unknown> = {};
  circle['license_data'] = circle;
  const array = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  for (const data of [
    deep,
    circle,
    array,
    `{"a":${array},"signature":"AA==","key_version":"k"}`,
    '',
    '\0',
    7,
    null,
    undefined,
    [],
    new Uint8Array(3),
  ]) {
    expect(await check(JSON_LICENSE, data)).toMatch(/^(malformed|unsigned|unknown_key)$/);
  }
});

test('keys are read as mail and Windows hand them on', async () => {
  const { pem } = VECTORS.keys[0];
  const [expected] = await readKeys(pem);
  for (const text of [
    Buffer.from(`\ufeff${pem}`, 'utf16le'),
    pem.replace(/^/gm, '> '),
    `Our key:\r\n\r\n${pem.replaceAll('\n', '\r\n')}\r\nBest regards`,
    Buffer.from(`\ufeff${JSON.stringify(VECTORS.keys)}`, 'utf16le').toString('utf8'),
  ]) {
    expect((await readKeys(text))[0]).toMatchObject({ n: expected?.n, e: expected?.e });
  }
  let nested: unknown = pem;
  for (let depth = 0; depth < 50_000; depth += 1) nested = [nested];
  await expect(readKeys(nested)).rejects.toThrow(TypeError);
});

test.each([
  '2027-03-04',
  '9999-01-01T00:00:00Z',
  '1999-12-31T23:59:59Z',
  '9998-12-31T23:59:59-01:00',
  '2027-02-29T00:00:00Z',
])('%s is no time of a licence', (text) => expect(parseTime(text)).toBeUndefined());

test('vectors of both forms are there', () => {
  expect([typeof vector(JSON_LICENSE.name), typeof vector(TOKEN.name)]).toEqual(['string', 'string']);
});

test.each([
  '“https://licenses.example.com/”\r\n',
  '<https://licenses.example.com>',
  '\u200bhttps\uff1a//licenses\u00ad.example.com///',
  "'https://licenses.example.com'",
])('the address of a server as it is pasted: %j', (text) => {
  expect(readServerUrl(text)).toBe('https://licenses.example.com');
});

test.each([
  '',
  'licenses.example.com',
  'ftp://licenses.example.com',
  'https://',
  'https://a b.example',
  'https://x.example#y',
])('no address of a server: %j', (text) => {
  expect(readServerUrl(text)).toBeUndefined();
});
