import { expect, it } from 'vitest';
import { createLicense } from '#shared/contract/admin.ts';
import { licenseDocument, licenseFields } from '#shared/model/license.ts';
import { license } from '../../functions/seats/fixtures.ts';

const parse = (terms: object) =>
  createLicense.body?.safeParse({
    tenant_id: 'demo',
    tier: 'trial',
    max_seats: 1,
    expires_at: '2090-01-01T00:00:00Z',
    ...terms,
  });
const accepts = (terms: object) => parse(terms)?.success;

/** Built from text: in an object literal `__proto__` would set the prototype. */
const member = (name: string): Record<string, true> => JSON.parse(`{${JSON.stringify(name)}:true}`);

const AWKWARD = [
  '',
  '__a__',
  '____',
  '__name__',
  '__proto__',
  'toJSON',
  'constructor',
  'a_at',
  'a.b',
  '`',
  '😀',
  'a\nb',
];

it.each(AWKWARD)('keeps a feature and a member of metadata that are called %j', (name) => {
  const values = { features: member(name), metadata: { list: [[member(name)]], ...member(name) } };
  const body = parse(values)?.data;
  expect(JSON.stringify(body?.features)).toBe(JSON.stringify(values.features));
  expect(JSON.stringify(body?.metadata)).toBe(JSON.stringify(values.metadata));
  const {
    id: _id,
    updateTime: _time,
    ...fields
  } = { ...license(), features: values.features, metadata: values.metadata };
  const read = licenseFields.parse(licenseDocument(fields));
  expect(JSON.stringify(read.features)).toBe(JSON.stringify(values.features));
  expect(JSON.stringify(read.metadata)).toBe(JSON.stringify(values.metadata));
});

it.each([
  ['a half', { a: 0.5 }],
  ['an integer that a double rounds', { a: 2 ** 53 }],
  ['an object', { a: {} }],
  ['null', null],
  ['more than 4 KiB', { a: 'x'.repeat(4089) }],
])('refuses as features %s', (_what, features) => {
  expect(accepts({ features })).toBe(false);
});

it('takes features of 4 KiB of canonical JSON', () => {
  expect(accepts({ features: { a: 'x'.repeat(4088) } })).toBe(true);
});

it.each([
  ['1999-12-31T23:59:59Z', false],
  ['2000-01-01T00:00:00Z', true],
  ['9998-12-31T23:59:59.999Z', true],
  ['9999-01-01T00:00:00Z', false],
  [null, true],
])('expires_at %s: %s', (expires_at, expected) => {
  expect(accepts({ expires_at })).toBe(expected);
});
