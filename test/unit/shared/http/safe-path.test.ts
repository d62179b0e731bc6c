import { expect, test } from 'vitest';
import { safePath } from '#shared/http/safe-path.ts';
import { formatLicenseKey } from '#shared/license-format/license-key.ts';

const KEY = formatLicenseKey('lic_7g3kqw9d2mx4', 'ABCDEFGHJKMNPQRSTVWXYZ01234').text;
const SECRET = 'q0X3vJr8mT5sYb2LhKd9Wc1NfAz7Ge4uP6iRo8wVtEs';
const JWT = `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.${SECRET}`;

test.each([
  [`/api/v1/sessions/lic_7g3kqw9d2mx4.${SECRET}`, '/api/v1/sessions/lic_7g3kqw9d2mx4.…'],
  [`/api/v1/licenses/${KEY}/keys`, '/api/v1/licenses/CS-…/keys'],
  [`/api/v1/licenses/${KEY.toLowerCase()}`, '/api/v1/licenses/CS-…'],
  [`/api/v1/licenses/${KEY.replaceAll('-', '')}`, '/api/v1/licenses/CS-…'],
  [`/api/v1/licenses/${encodeURIComponent(` ${KEY.replaceAll('-', ' – ')}`)}`, '/api/v1/licenses/CS-…'],
  [`/api/v1/tenants/${JWT}`, '/api/v1/tenants/eyJ…'],
  [`/x/inv_5d0c1f7e3b9a42688e6f0a9d4c2b7e13.${SECRET}`, '/x/inv_5d0c1f7e3b9a42688e6f0a9d4c2b7e13.…'],
  [`/x/${'a'.repeat(65)}`, '/x/aaaaaaaa…'],
])('%s is logged as %s', (path, logged) => {
  expect(safePath(path)).toBe(logged);
});

test.each([
  '/',
  '/api/v1/licenses/lic_7g3kqw9d2mx4/keys',
  `/api/v1/sessions/${'0123456789abcdef'.repeat(4)}`,
  '/api/v1/public-keys/license-signing.1.pem',
  '/api/docs/assets/docs.css',
  '/api/v1/tasks/3f0c6a52-8d1e-4b7a-9c25-6e1f0a9b4d83/run',
  '/api/v1/tenants/csapat-budapest-kft/members',
])('%s is logged as it is', (path) => {
  expect(safePath(path)).toBe(path);
});
