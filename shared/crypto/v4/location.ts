import { encodePath } from './percent-encoding.ts';

export type Scheme = 'http' | 'https';

/** Where a URL has its bucket: in the path, as the first label of the host, or implied by a host of its own. */
export type UrlStyle = 'PATH_STYLE' | 'VIRTUAL_HOSTED_STYLE' | 'BUCKET_BOUND_HOSTNAME';

/** The target of a request. A host may include a port and a scheme. */
export interface LocationFields {
  readonly bucket: string;
  /** Absent for the bucket itself, e.g. to list its objects. */
  readonly object?: string;
  /** For a host without a scheme. Default: https. */
  readonly scheme?: Scheme;
  /** Default: PATH_STYLE. */
  readonly urlStyle?: UrlStyle;
  /** The whole host of a BUCKET_BOUND_HOSTNAME URL; other styles ignore it. */
  readonly bucketBoundHostname?: string;
  /** The service's host for this request. It overrides `clientEndpoint`, which overrides `emulatorHostname`. */
  readonly hostname?: string;
  readonly clientEndpoint?: string;
  readonly emulatorHostname?: string;
  /** Without any of the three, the host is `storage.` plus this domain. Default: googleapis.com. */
  readonly universeDomain?: string;
}

export interface Location {
  /** Scheme, host and port, as in the URL. */
  readonly origin: string;
  /**
   * The signed host, without the port. Google's clients sign it so, and the conformance cases for `localhost:8080` have
   * signatures of `host:localhost`. A verifier removes the port of the Host header first.
   */
  readonly host: string;
  /** Percent-encoded, beginning with a slash. */
  readonly path: string;
}

const BUCKET = /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/;
const ENDPOINT = /^(?:(https?):\/\/)?([a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?\/?$/;

/**
 * Computes origin, signed host and path of a request.
 *
 * @throws TypeError naming the field: a bucket that Cloud Storage would not accept, an empty or malformed object,
 *   a host that is missing or is more than scheme, host and port
 */
export function locate(fields: LocationFields): Location {
  const { bucket, object } = fields;
  if (!BUCKET.test(bucket)) throw new TypeError('bucket is not a valid bucket name');
  if (object === '') throw new TypeError('object is empty');
  const key = object === undefined ? '' : `/${encodePath(object, 'object')}`;
  const scheme = fields.scheme ?? 'https';

  const style = fields.urlStyle ?? 'PATH_STYLE';
  switch (style) {
    case 'PATH_STYLE':
      return { ...parseEndpoint(serviceEndpoint(fields), scheme, ''), path: `/${bucket}${key}` };
    case 'VIRTUAL_HOSTED_STYLE':
      return { ...parseEndpoint(serviceEndpoint(fields), scheme, `${bucket}.`), path: key || '/' };
    case 'BUCKET_BOUND_HOSTNAME':
      return { ...parseEndpoint(boundEndpoint(fields), scheme, ''), path: key || '/' };
    default:
      throw new TypeError(`urlStyle is unknown: ${style satisfies never}`);
  }
}

type Endpoint = readonly [field: string, endpoint: string];

function serviceEndpoint(fields: LocationFields): Endpoint {
  if (fields.hostname !== undefined) return ['hostname', fields.hostname];
  if (fields.clientEndpoint !== undefined) return ['clientEndpoint', fields.clientEndpoint];
  if (fields.emulatorHostname !== undefined) return ['emulatorHostname', fields.emulatorHostname];
  return ['universeDomain', `storage.${fields.universeDomain ?? 'googleapis.com'}`];
}

function boundEndpoint(fields: LocationFields): Endpoint {
  if (fields.bucketBoundHostname === undefined) throw new TypeError('bucketBoundHostname is missing');
  return ['bucketBoundHostname', fields.bucketBoundHostname];
}

/** Does not use `URL`, which drops the default port of a scheme; Google's conformance cases keep it. */
function parseEndpoint([field, endpoint]: Endpoint, scheme: Scheme, label: string): Omit<Location, 'path'> {
  // Host names are case-insensitive, and clients send them in lower case (RFC 3986, section 6.2.2.1).
  const [, ownScheme, name, port] = ENDPOINT.exec(endpoint.toLowerCase()) ?? [];
  if (name === undefined || Number(port ?? 1) < 1 || Number(port ?? 1) > 65_535)
    throw new TypeError(`${field} is not a host with an optional scheme and port`);
  if (label !== '' && name.startsWith('['))
    throw new TypeError(`${field} is an IP address, which cannot have a bucket label`);
  const host = label + name;
  return { origin: `${ownScheme ?? scheme}://${host}${port === undefined ? '' : `:${port}`}`, host };
}
