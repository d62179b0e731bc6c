import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { HttpResponse } from './route.ts';

/** What never changes while the function runs: made once, with a validator for each of its two forms. */
export interface Resource {
  /** @param headers the request's: `if-none-match` and `accept-encoding` are looked at */
  answer(headers: Readonly<Record<string, string | undefined>>): HttpResponse;
}

/**
 * @param body text as UTF-8, or bytes
 * @param headers of the answer beside its validators, `content-type` and `cache-control` among them
 */
export function createResource(
  body: string | Buffer,
  headers: Readonly<Record<'content-type' | 'cache-control', string> & Record<string, string>>,
): Resource {
  const plain = Buffer.isBuffer(body) ? body : Buffer.from(body);
  const { 'cache-control': cacheControl, ...own } = headers;
  const tag = createHash('sha256').update(JSON.stringify(headers)).update(plain).digest('base64url').slice(0, 27);
  const forms = {
    plain: { bytes: plain, etag: `"${tag}"`, headers: {} },
    // Another representation needs another strong validator (RFC 9110, section 8.8.3.3).
    gzip: { bytes: gzipSync(plain), etag: `"${tag}-gzip"`, headers: { 'content-encoding': 'gzip' } },
  };
  return {
    answer(request) {
      const form = acceptsGzip(request['accept-encoding']) ? forms.gzip : forms.plain;
      const validators = { 'cache-control': cacheControl, etag: form.etag, vary: 'accept-encoding' };
      const known = (request['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
      if (known.includes(form.etag) || known.includes('*')) return { status: 304, headers: validators };
      return { status: 200, headers: { ...own, ...form.headers, ...validators }, body: form.bytes };
    },
  };
}

/** RFC 9110, section 12.5.3, as far as it matters: named, and not with a weight of zero. */
const acceptsGzip = (header = ''): boolean =>
  header.split(',').some((one) => /^\s*gzip\s*(;|$)/i.test(one) && !/;\s*q=0(\.0*)?\s*$/i.test(one));
