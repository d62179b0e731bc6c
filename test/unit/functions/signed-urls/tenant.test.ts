import { describe, expect, test } from 'vitest';
import { tenantFor } from '#functions/signed-urls/tenant.ts';
import { signedUrlRequest } from '#shared/contract/signed-urls.ts';
import { isFault } from '#shared/model/errors.ts';
import type { Principal, Role } from '#shared/model/principal.ts';

const user = (role?: Role, tenantId: string | undefined = 'acme', staff = false): Principal => ({
  kind: 'user',
  uid: 'u',
  email: undefined,
  emailVerified: true,
  tenants: role === undefined || tenantId === undefined ? {} : { [tenantId]: role },
  tenantId,
  role,
  staff,
});
const signer = (urlTenants?: readonly string[]): Principal => ({
  kind: 'service',
  email: 'backend@p.iam.gserviceaccount.com',
  scopes: ['urls'],
  urlTenants,
});
const service = signer();
const staff: Principal = {
  kind: 'user',
  uid: 's',
  email: undefined,
  emailVerified: true,
  tenants: {},
  tenantId: undefined,
  role: undefined,
  staff: true,
};

function outcome(principal: Principal, method: 'PUT' | 'GET' | 'RESUMABLE', named?: string) {
  const wish = {
    filename: 'f',
    content_type: 'text/plain',
    method,
    ...(named === undefined ? {} : { tenant_id: named }),
  };
  try {
    return tenantFor(principal, signedUrlRequest.parse(wish));
  } catch (error) {
    if (!isFault(error)) throw error;
    return error.errors === undefined ? error.code : [error.code, ...error.errors.map(({ path }) => path)];
  }
}

describe('a user', () => {
  test.each([
    ['owner', 'PUT', 'acme'],
    ['admin', 'RESUMABLE', 'acme'],
    ['member', 'PUT', 'acme'],
    ['member', 'GET', 'acme'],
    ['guest', 'GET', 'acme'],
    ['guest', 'PUT', 'forbidden'],
    ['guest', 'RESUMABLE', 'forbidden'],
  ] as const)('%s: %s → %s', (role, method, expected) => expect(outcome(user(role), method)).toBe(expected));

  test('may name the own tenant and no other', () => {
    expect(outcome(user('owner'), 'PUT', 'acme')).toBe('acme');
    expect(outcome(user('owner'), 'PUT', 'other')).toBe('not_found');
    expect(outcome(user('guest'), 'GET', 'other')).toBe('not_found');
  });

  test.each(['acme/../other', 'acme/sub', '..', '', 'a b', 'ä', 'x'.repeat(129)])(
    'whose tenant is %j has no place for objects',
    (tenantId) => expect(outcome(user('owner', tenantId), 'GET')).toBe('forbidden'),
  );
});

describe('services and staff', () => {
  test.each([
    ['a service', service],
    ['staff', staff],
  ])('%s must name the tenant', (_, principal) => {
    expect(outcome(principal, 'PUT', 'any-Tenant_1')).toBe('any-Tenant_1');
    expect(outcome(principal, 'GET', 'other')).toBe('other');
    expect(outcome(principal, 'PUT')).toEqual(['invalid_request', 'tenant_id']);
  });

  test('staff with a tenant of their own need not', () => {
    expect(outcome(user('guest', 'acme', true), 'PUT')).toBe('acme');
    expect(outcome(user('guest', 'acme', true), 'PUT', 'other')).toBe('other');
  });
});
