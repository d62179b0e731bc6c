import { hash } from 'node:crypto';
import { checkedEmail, checkedExpiration, credentialScopeOf, SIGNING_ALGORITHM } from './credential.ts';
import { basicDate } from './date.ts';
import { canonicalHeaders, type HeaderFields } from './headers.ts';
import { type LocationFields, locate } from './location.ts';
import { canonicalQuery, type QueryFields } from './query.ts';

/** The supported methods and their HTTP methods. RESUMABLE starts a resumable upload. */
const HTTP_METHODS = {
  DELETE: 'DELETE',
  GET: 'GET',
  HEAD: 'HEAD',
  POST: 'POST',
  PUT: 'PUT',
  RESUMABLE: 'POST',
} as const;

export type SigningMethod = keyof typeof HTTP_METHODS;

/** The fields of a URL to sign, named as in Google's conformance cases. */
export interface SigningFields extends LocationFields {
  readonly method: SigningMethod;
  /** Seconds from the timestamp, whole, from 1 to `MAX_EXPIRATION`. */
  readonly expiration: number;
  /** Start of the validity, in milliseconds since the Unix epoch; fractions of a second are dropped. */
  readonly timestamp: number;
  /** Email of the service account that signs. */
  readonly clientEmail: string;
  /** Signed headers besides Host, which is always signed. The client must send all of them. */
  readonly headers?: HeaderFields;
  readonly queryParameters?: QueryFields;
}

/** A V4 signing request, complete but for the RSA-SHA256 signature of `stringToSign` in UTF-8. */
export interface SigningRequest {
  /** The HTTP method that is signed. */
  readonly method: (typeof HTTP_METHODS)[SigningMethod];
  /** Headers that the client must send besides Host, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly credentialScope: string;
  readonly canonicalRequest: string;
  readonly stringToSign: string;
  readonly unsignedUrl: string;
}

/**
 * Builds the V4 signing request of one URL, byte for byte as Cloud Storage rebuilds it. Pure: it uses no clock and no key.
 *
 * Object names are signed unchanged, including `.` and `..` segments, although most clients collapse those before they
 * send. Callers must reject such names in their input.
 *
 * @throws TypeError naming the field that is missing or malformed; RangeError for `expiration` and `timestamp`
 * @see https://cloud.google.com/storage/docs/authentication/canonical-requests
 * @see https://cloud.google.com/storage/docs/authentication/signatures
 */
export function createSigningRequest(fields: SigningFields): SigningRequest {
  const method = HTTP_METHODS[fields.method];
  const date = basicDate(fields.timestamp);
  const credentialScope = credentialScopeOf(date);
  const location = locate(fields);
  const headers = canonicalHeaders(requestedHeaders(fields), location.host);
  const query = canonicalQuery(
    {
      'X-Goog-Algorithm': SIGNING_ALGORITHM,
      'X-Goog-Credential': `${checkedEmail(fields.clientEmail)}/${credentialScope}`,
      'X-Goog-Date': date,
      'X-Goog-Expires': String(checkedExpiration(fields.expiration)),
      'X-Goog-SignedHeaders': headers.signed,
    },
    fields.queryParameters ?? {},
  );
  const payload = payloadHash(headers.toSend['x-goog-content-sha256']);
  const canonicalRequest = [method, location.path, query, headers.lines, headers.signed, payload].join('\n');

  return {
    method,
    headers: headers.toSend,
    credentialScope,
    canonicalRequest,
    stringToSign: [SIGNING_ALGORITHM, date, credentialScope, hash('sha256', canonicalRequest, 'hex')].join('\n'),
    unsignedUrl: `${location.origin}${location.path}?${query}`,
  };
}

/**
 * Appends the signature in lower-case hex, the only form that Cloud Storage accepts.
 *
 * @param signature the raw bytes
 * @throws TypeError for an empty signature
 */
export function appendSignature(unsignedUrl: string, signature: Uint8Array): string {
  if (signature.length === 0) throw new TypeError('signature is empty');
  const bytes = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength);
  return `${unsignedUrl}&X-Goog-Signature=${bytes.toString('hex')}`;
}

function requestedHeaders({ method, headers = {} }: SigningFields): HeaderFields {
  if (method !== 'RESUMABLE') return headers;
  if (Object.keys(headers).some((name) => name.toLowerCase() === 'x-goog-resumable'))
    throw new TypeError('headers may not name x-goog-resumable, which RESUMABLE sets');
  return { ...headers, 'x-goog-resumable': 'start' };
}

/** The content hash, when the caller signs one and the server compares it; otherwise the payload is unsigned. */
function payloadHash(header: string | undefined): string {
  if (header === undefined) return 'UNSIGNED-PAYLOAD';
  if (!/^[0-9a-f]+$/i.test(header)) throw new TypeError('headers["x-goog-content-sha256"] is not hex');
  return header;
}
