import { describe, expect, it } from 'vitest';
import type { Method } from '#shared/http/route.ts';
import { createRouter } from '#shared/http/router.ts';

const on = (method: Method, path: string) => ({ route: { method, path } });
const list = on('GET', '/api/v1/keys');
const create = on('POST', '/api/v1/keys');
const pem = on('GET', '/api/v1/keys/{key_version}.pem');
const read = on('GET', '/api/v1/keys/{key_id}');
const mine = on('GET', '/api/v1/keys/mine');
const nested = on('DELETE', '/api/v1/tenants/{tenant_id}/members/{uid}');
const dotted = on('GET', '/.well-known/jwks.json');
const root = on('GET', '/');
const route = createRouter([pem, read, list, create, mine, nested, dotted, root]);

const found = (bound: unknown, params = {}) => ({ kind: 'found', bound, params });
const notFound = { kind: 'not_found' };

describe('createRouter', () => {
  it('finds a route by method and path', () => {
    expect(route('GET', '/api/v1/keys')).toEqual(found(list));
    expect(route('POST', '/api/v1/keys')).toEqual(found(create));
    expect(route('GET', '/')).toEqual(found(root));
  });

  it('hands out decoded parameters', () => {
    expect(route('GET', '/api/v1/keys/licenses.1.pem')).toEqual(found(pem, { key_version: 'licenses.1' }));
    expect(route('DELETE', '/api/v1/tenants/t%201/members/%C3%BC%2F')).toEqual(
      found(nested, { tenant_id: 't 1', uid: 'ü/' }),
    );
  });

  it('prefers a fixed name to a parameter, whichever was declared first', () => {
    expect(route('GET', '/api/v1/keys/mine')).toEqual(found(mine));
    expect(route('GET', '/api/v1/keys/yours')).toEqual(found(read, { key_id: 'yours' }));
  });

  it('ignores one trailing slash', () => {
    expect(route('GET', '/api/v1/keys/')).toEqual(found(list));
    expect(route('GET', '/api/v1/keys/x/')).toEqual(found(read, { key_id: 'x' }));
    expect(route('GET', '/api/v1/keys//')).toEqual(notFound);
  });

  it('serves HEAD by the route of GET', () => {
    expect(route('HEAD', '/api/v1/keys')).toEqual(found(list));
  });

  it('names the methods that a path has, HEAD among them', () => {
    expect(route('DELETE', '/api/v1/keys')).toEqual({ kind: 'method_not_allowed', allow: ['GET', 'HEAD', 'POST'] });
    expect(route('HEAD', '/api/v1/tenants/a/members/b')).toEqual({ kind: 'method_not_allowed', allow: ['DELETE'] });
    expect(route('get', '/.well-known/jwks.json')).toEqual({ kind: 'method_not_allowed', allow: ['GET', 'HEAD'] });
  });

  it.each([
    [''],
    ['/api'],
    ['/api/v1/keysx'],
    ['/x/api/v1/keys'],
    ['/API/v1/keys'],
    ['/api/v1/tenants//members/b'],
    ['/api/v1/tenants/a/b/members/c'],
    ['/Xwell-known/jwks.json'],
    ['/.well-known/jwksXjson'],
    ['/api/v1/keys/%ff'],
    ['/api/v1/keys/%'],
    ['/api/v1/keys/a\n/b'],
    ['*'],
    ['http://host/api/v1/keys'],
  ])('finds nothing at %j', (path) => {
    expect(route('GET', path)).toEqual(notFound);
  });

  it('refuses two routes for one method and path', () => {
    expect(() => createRouter([list, on('GET', '/api/v1/keys')])).toThrow(TypeError);
  });
});
