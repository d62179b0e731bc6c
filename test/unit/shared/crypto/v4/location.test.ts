import { describe, expect, test } from 'vitest';
import { type LocationFields, locate } from '#shared/crypto/v4/location.ts';

const fields: LocationFields = { bucket: 'a-bucket', object: 'an/object' };

describe('locate', () => {
  test.each<[string, Partial<LocationFields>, ReturnType<typeof locate>]>([
    ['path style', {}, at('https://storage.googleapis.com', 'storage.googleapis.com', '/a-bucket/an/object')],
    [
      'virtual hosted style',
      { urlStyle: 'VIRTUAL_HOSTED_STYLE' },
      at('https://a-bucket.storage.googleapis.com', 'a-bucket.storage.googleapis.com', '/an/object'),
    ],
    [
      'a host that is the bucket',
      { urlStyle: 'BUCKET_BOUND_HOSTNAME', bucketBoundHostname: 'Media.example:8443', hostname: 'other.example' },
      at('https://media.example:8443', 'media.example', '/an/object'),
    ],
    [
      'another universe',
      { universeDomain: 'example.com' },
      at('https://storage.example.com', 'storage.example.com', '/a-bucket/an/object'),
    ],
    [
      'a host with a port, which is not signed',
      { scheme: 'http', hostname: 'localhost:8080' },
      at('http://localhost:8080', 'localhost', '/a-bucket/an/object'),
    ],
    [
      "the scheme's default port, kept",
      { clientEndpoint: 'https://storage.googleapis.com:443/' },
      at('https://storage.googleapis.com:443', 'storage.googleapis.com', '/a-bucket/an/object'),
    ],
    [
      "the host's own scheme before the field's",
      { scheme: 'https', emulatorHostname: 'http://127.0.0.1:9000' },
      at('http://127.0.0.1:9000', '127.0.0.1', '/a-bucket/an/object'),
    ],
    ['an IPv6 address', { hostname: '[::1]:9000' }, at('https://[::1]:9000', '[::1]', '/a-bucket/an/object')],
    [
      'virtual hosted style at an endpoint',
      { urlStyle: 'VIRTUAL_HOSTED_STYLE', clientEndpoint: 'http://localhost:9000' },
      at('http://a-bucket.localhost:9000', 'a-bucket.localhost', '/an/object'),
    ],
    [
      'hostname before clientEndpoint before emulatorHostname',
      { hostname: 'one.example', clientEndpoint: 'two.example', emulatorHostname: 'three.example' },
      at('https://one.example', 'one.example', '/a-bucket/an/object'),
    ],
    [
      'clientEndpoint before emulatorHostname before universeDomain',
      { clientEndpoint: 'two.example', emulatorHostname: 'three.example', universeDomain: 'example.com' },
      at('https://two.example', 'two.example', '/a-bucket/an/object'),
    ],
  ])('%s', (_, more, expected) => {
    expect(locate({ ...fields, ...more })).toEqual(expected);
  });

  test.each<[LocationFields['urlStyle'], string]>([
    ['PATH_STYLE', '/a-bucket'],
    ['VIRTUAL_HOSTED_STYLE', '/'],
    ['BUCKET_BOUND_HOSTNAME', '/'],
  ])('%s without an object is the bucket itself', (urlStyle = 'PATH_STYLE', path) => {
    expect(locate({ bucket: 'a-bucket', urlStyle, bucketBoundHostname: 'media.example' }).path).toBe(path);
  });

  test.each<[string, Partial<LocationFields>]>([
    ['bucket', { bucket: '' }],
    ['bucket', { bucket: 'a' }],
    ['bucket', { bucket: 'a/b' }],
    ['bucket', { bucket: 'UPPER' }],
    ['bucket', { bucket: 'evil.example#' }],
    ['object', { object: '' }],
    ['object', { object: 'a\ud800' }],
    ['bucketBoundHostname', { urlStyle: 'BUCKET_BOUND_HOSTNAME' }],
    ['bucketBoundHostname', { urlStyle: 'BUCKET_BOUND_HOSTNAME', bucketBoundHostname: '' }],
    ['hostname', { hostname: '' }],
    ['hostname', { hostname: 'user@example.com' }],
    ['hostname', { hostname: 'example.com\r\n' }],
    ['hostname', { hostname: 'example.com:0' }],
    ['hostname', { hostname: 'example.com:65536' }],
    ['hostname', { hostname: '[::1]', urlStyle: 'VIRTUAL_HOSTED_STYLE' }],
    ['clientEndpoint', { clientEndpoint: 'https://example.com/storage/v1' }],
    ['emulatorHostname', { emulatorHostname: 'ftp://example.com' }],
    ['universeDomain', { universeDomain: 'a b' }],
  ])('refuses a bad %s: %j', (field, more) => {
    expect(() => locate({ ...fields, ...more })).toThrow(TypeError);
    expect(() => locate({ ...fields, ...more })).toThrow(new RegExp(`^${field} `));
  });
});

function at(origin: string, host: string, path: string) {
  return { origin, host, path };
}
