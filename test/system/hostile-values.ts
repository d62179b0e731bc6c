import { createHmac } from 'node:crypto';
import { createRandom } from '../contract/seats/random.ts';

/** Draws that a seed decides. */
export interface Draw {
  /** A whole number from 0 to below `end`. */
  below(end: number): number;
  one<T>(from: readonly T[]): T;
  /** True with this probability. */
  chance(probability: number): boolean;
}

export function createDraw(seed: number): Draw {
  const next = createRandom(seed);
  const below = (end: number) => Math.floor(next() * end);
  return {
    below,
    one(from) {
      const [first] = from;
      if (first === undefined) throw new TypeError('there is nothing to draw from');
      return from[below(from.length)] ?? first;
    },
    chance: (probability) => next() < probability,
  };
}

/** Text that has broken something somewhere: names of members, of paths, of documents, of other languages' commands. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  '.',
  '..',
  '../../etc/passwd',
  '/',
  '//',
  'a/b',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__name__',
  '__all__',
  '(default)',
  'null',
  'undefined',
  'NaN',
  'true',
  '0',
  '-1',
  '1e999',
  "'; DROP TABLE tenants; --",
  '{"$gt":""}',
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  'a\u0000b',
  '\r\nset-cookie: a=b',
  '\u202eabc',
  '\ufeff',
  'ﬀ',
  'İ',
  'ß'.repeat(40),
  '😀'.repeat(100),
  'e\u0301',
  '\ud7ff\ue000\uffff',
  'a'.repeat(129),
  'a'.repeat(301),
  'a'.repeat(1501),
  'é'.repeat(20_000),
];

/** Segments of a path, encoded as no client would. */
export const SEGMENTS: readonly string[] = [
  '%00',
  '%ff',
  '%',
  '%zz',
  '%2e%2e',
  '%2e%2e%2f%2e%2e%2f',
  '..;',
  '%c0%ae',
  '%ed%a0%80',
  '%F0%9F%98%80',
  '%5c..%5c',
  '%25%32%65',
  '%0d%0aset-cookie:a=b',
  'a%20b',
  '__proto__',
  'constructor',
  ...TEXTS.filter((text) => text.length < 2000).map((text) => encodeURIComponent(text)),
  'a'.repeat(7_000),
];

/** Values of every JSON type, and at the edges of each, as they are written. */
export const JSON_VALUES: readonly string[] = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e3',
  '1E400',
  '-1e308',
  '5e-324',
  '9007199254740991',
  '9007199254740992',
  '123456789012345678901234567890',
  '01',
  '+1',
  '.5',
  '0x10',
  'NaN',
  'Infinity',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u"',
  '"\\x41"',
  '"\u2028"',
  '"a\nb"',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"toString":1,"valueOf":2,"toJSON":3}',
  '{"a":1,"a":2}',
  '{"":""}',
  '{"__a__":1}',
  '{"a.b":"`","a/b":"[]","*":true}',
  `${'['.repeat(65)}${']'.repeat(65)}`,
  `${'['.repeat(20_000)}`,
  `${'{"a":'.repeat(70)}1${'}'.repeat(70)}`,
  `[${'0,'.repeat(5_000)}0]`,
  `"${'a'.repeat(100_000)}"`,
  '"2026-13-45T99:99:99Z"',
  '"0000-01-01T00:00:00Z"',
  '"9999-12-31T23:59:59.999999999Z"',
  '"2026-01-01T00:00:00+23:59"',
  '"-271821-04-20T00:00:00Z"',
  'undefined',
  '/* */',
  "'a'",
  ...TEXTS.map((text) => JSON.stringify(text)),
];

export const METHODS: readonly string[] = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'PURGE',
  'SEARCH',
  'QUERY',
];

/** Header lines that are still HTTP. */
export const HEADERS: readonly string[] = [
  'X-Request-Id: a b',
  `X-Request-Id: ${'a'.repeat(129)}`,
  'X-Request-Id: <script>',
  'X-Request-Id: 1\r\nX-Request-Id: 2',
  'X-Forwarded-For: 127.0.0.1, ::1, nonsense',
  'X-Client-Ip: nonsense',
  'X-Cloud-Trace-Context: 0123456789abcdef0123456789abcdef/1;o=1',
  'Traceparent: 00-zz-01',
  'X-HTTP-Method-Override: DELETE',
  'X-Original-URL: /internal/keys/rotate',
  'X-Rewrite-URL: /internal/keys/rotate',
  'Forwarded: for=127.0.0.1;host=evil.example',
  'Origin: null',
  'Origin: https://evil.example\r\nAccess-Control-Request-Method: DELETE',
  'Access-Control-Request-Method: __proto__',
  'If-None-Match: *',
  `If-None-Match: ${'"a",'.repeat(1000)}`,
  'If-Modified-Since: yesterday',
  'Range: bytes=0-0,1-1,2-',
  'Accept: text/html;q=0.x, */*',
  'Accept-Encoding: gzip;q=NaN, br, *',
  'Accept-Language: ../../etc/passwd',
  'Cookie: __proto__=1; a=b',
  'Idempotency-Key: ',
  'Idempotency-Key: \u00e9',
  `Idempotency-Key: ${'k'.repeat(256)}`,
  'Idempotency-Key: __proto__',
  'Upgrade: websocket\r\nSec-WebSocket-Key: AAAA',
  'Upgrade: h2c\r\nHTTP2-Settings: AAAA',
  'Expect: 100-continue',
  'TE: trailers, nonsense',
  'Trailer: Authorization',
  'Via: 1.1 evil',
  'User-Agent: () { :;}; echo',
  'User-Agent: \u00ff\u00fe',
  '__proto__: polluted',
  'constructor: polluted',
  'Ce-Id: 1\r\nCe-Type: a\r\nCe-Source: b\r\nCe-Specversion: 1.0',
  ...Array.from({ length: 3 }, (_, n) => Array.from({ length: 30 * (n + 1) }, (_, i) => `X-${i}: ${i}`).join('\r\n')),
  `X-Large: ${'a'.repeat(12_000)}`,
];

export const CONTENT_TYPES: readonly string[] = [
  '',
  'text/plain',
  'text/html',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  'multipart/form-data',
  'application/xml',
  'application/cloudevents+json',
  'application/json-patch+json',
  'application/jsonp',
  'application/json; charset=utf-7',
  'application/json; charset=utf-16',
  'application/json; charset=',
  'application/json; charset="utf-8"',
  'application/json;;;',
  'APPLICATION/JSON',
  'application/json, text/html',
  '*/*',
  ';',
  'application/octet-stream',
  `application/${'j'.repeat(4_000)}`,
];

/** What stands in an Authorization header and is no token of ours. */
export function badAuthorizations(token: string): readonly string[] {
  const [head = '', payload = '', signature = ''] = token.split('.');
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const hmac = createHmac('sha256', 'secret').update(`${head}.${payload}`).digest('base64url');
  return [
    '',
    'Bearer',
    'Bearer ',
    'Bearer null',
    'Bearer a.b.c',
    'Bearer ..',
    'Basic YTpi',
    `bearer  ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token} ${token}`,
    `Bearer ${token}\r\nAuthorization: Bearer ${token}x`,
    `Bearer ${token.slice(0, 100)}`,
    `Bearer ${head}.${payload}.${hmac}`,
    `Bearer ${head}.${payload}.`,
    `Bearer ${head}.${encoded(null)}.${signature}`,
    `Bearer ${head}.${encoded([])}.${signature}`,
    `Bearer ${head}.${encoded({ iss: { a: 1 } })}.${signature}`,
    `Bearer ${head}.${encoded({ iss: 'https://accounts.google.com' })}.${signature}`,
    `Bearer ${encoded({ alg: 'none' })}.${payload}.`,
    `Bearer ${encoded({ alg: 'RS256', kid: { a: 1 } })}.${payload}.${signature}`,
    `Bearer ${encoded({ alg: 'RS256', kid: '../../etc/passwd' })}.${payload}.${signature}`,
    `Bearer ${encoded({ alg: 'RS256', crit: ['exp'], exp: 1 })}.${payload}.${signature}`,
    `Bearer ${encoded({ alg: 'RS256', b64: false, crit: ['b64'] })}.${payload}.${signature}`,
    `Bearer ${encoded('__proto__')}.${payload}.${signature}`,
    `Bearer ${'A'.repeat(9_000)}`,
    `Bearer \u00e9`,
  ];
}
