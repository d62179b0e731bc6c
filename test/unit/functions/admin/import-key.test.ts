import { expect, test } from 'vitest';
import { hashOfImport } from '#functions/admin/import-key.ts';
import { importedKeysConfig, pepperOf } from '#shared/imported-keys/config.ts';
import { hashImportedKey } from '#shared/imported-keys/imported-key.ts';
import { ConfigError, readConfig } from '#shared/model/config.ts';
import { newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';

const PEPPER = 'p'.repeat(32);
const GOOD = '7f3c9a52-8d1e-4b7a-9c25-6e1f0a9b4d83';

test('a key of an older system is taken over only where that is switched on', () => {
  expect(() => hashOfImport(GOOD, undefined)).toThrow(expect.objectContaining({ code: 'imported_keys_off' }));
  expect(hashOfImport(GOOD, PEPPER)).toBe(hashImportedKey(PEPPER, GOOD.replaceAll('-', '').toUpperCase()));
});

test.each([
  ['one of our own', newLicenseKey(newLicenseId()).text],
  ['one of our own, as people type it', newLicenseKey(newLicenseId()).text.toLowerCase().replaceAll('-', ' ')],
  ['sixteen digits', '4929 1827 3645 0912'],
  ['punctuation', '-----------------------------'],
  ['fourteen characters between dashes', 'K7QP-3XWM-9ZRT-2B'],
])('%s is refused', (_what, text) => {
  expect(() => hashOfImport(text, PEPPER)).toThrow(
    expect.objectContaining({ code: 'invalid_request', errors: [expect.objectContaining({ path: 'license_key' })] }),
  );
});

test('the setting needs its pepper, of some length', () => {
  const read = (env: Record<string, string>) => pepperOf(readConfig(importedKeysConfig, env));
  expect(read({})).toBeUndefined();
  expect(read({ IMPORTED_KEY_PEPPER: PEPPER })).toBeUndefined();
  expect(read({ IMPORTED_KEYS: 'on', IMPORTED_KEY_PEPPER: PEPPER })).toBe(PEPPER);
  expect(() => read({ IMPORTED_KEYS: 'on' })).toThrow(ConfigError);
  expect(() => read({ IMPORTED_KEYS: 'on', IMPORTED_KEY_PEPPER: 'short' })).toThrow(ConfigError);
  expect(() => read({ IMPORTED_KEYS: 'yes' })).toThrow(ConfigError);
});
