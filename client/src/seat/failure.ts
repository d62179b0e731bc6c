import { asObject, type JsonObject, textOf } from '../json.ts';

/**
 * Why the licence server gave no usable answer. Each has a sentence of its own, since what a person can do about it
 * differs: a wrong address, a clock, a certificate, a network, a proxy and a busy server are mended by different people.
 */
const SENTENCES = {
  dns_failed:
    'The name of the licence server could not be looked up: check the URL, and whether this machine is online.',
  connection_refused:
    'Nothing listens at the address of the licence server: check host and port of the URL, or ask whether the server is down.',
  network_unreachable: 'There is no way from this machine to the licence server: check the network or the VPN.',
  connection_blocked:
    'This machine does not let the program connect: check its firewall and the rights of the program.',
  connection_lost: 'The connection to the licence server broke off: check the network; a proxy or firewall may end it.',
  timed_out: 'The licence server did not answer in time: check the network, or try again later.',
  certificate_date:
    'The certificate of the licence server is not valid at the time this machine believes it is: check the clock of this machine first.',
  certificate_rejected:
    'The certificate of the licence server is not trusted here: a company proxy may replace it (NODE_EXTRA_CA_CERTS names its CA), or the URL names another host.',
  tls_failed: 'The licence server does not speak TLS as expected: check http and https, and the port, of the URL.',
  proxy_authentication: 'The proxy asks for a name and a password: put them into HTTPS_PROXY, or ask who runs it.',
  proxy_failed: 'The proxy did not pass the request on: check HTTPS_PROXY and NO_PROXY, or ask who runs it.',
  not_a_license_server:
    'What answered is no licence server: check the URL; a proxy or the sign-in page of a network may answer in its place.',
  rate_limited: 'The licence server asks to wait, since too much was asked of it from here: try again later.',
  signing_unavailable: 'The licence server cannot sign licences at the moment: try again in a few minutes.',
  server_failed: 'The licence server has a fault of its own: try again in a few minutes.',
  user_token_failed: '`userToken` gave no token: sign in again.',
  unreachable: 'The licence server could not be reached: check the URL and the connection.',
};

export type FailureCode = keyof typeof SENTENCES;

/** No usable answer. Try again later: none of these says anything of the licence. @internal */
export interface Unavailable {
  readonly kind: 'unavailable';
  readonly code: FailureCode;
  /** One sentence for a person: what happened and what to do. */
  readonly message: string;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** What was thrown, or an error that states the answer. */
  readonly cause: unknown;
}

/** Error codes of Node, its TLS, undici, Deno and Bun, in the order in which they are looked for. */
const BY_ERROR_CODE: readonly (readonly [RegExp, FailureCode])[] = [
  [/^ERR_PROXY_\w+$/, 'proxy_failed'],
  [/^CERT_(NOT_YET_VALID|HAS_EXPIRED)$/, 'certificate_date'],
  [/CERT|UNABLE_TO_(GET|VERIFY)|SELF_SIGNED|HOSTNAME_MISMATCH/, 'certificate_rejected'],
  [/^(ENOTFOUND|EAI_\w+|DNSException|FailedToResolve\w*)$/, 'dns_failed'],
  [/^(ECONNREFUSED|ConnectionRefused)$/, 'connection_refused'],
  [/^(ENETUNREACH|EHOSTUNREACH|ENETDOWN|EHOSTDOWN|EADDRNOTAVAIL)$/, 'network_unreachable'],
  [/^(EACCES|EPERM)$/, 'connection_blocked'],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|TimeoutError|Timeout)$/, 'timed_out'],
  [/^(EPROTO|ERR_SSL_\w+|ERR_TLS_\w+)$/, 'tls_failed'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET|ConnectionClosed|ConnectionReset|HPE_\w+)$/, 'connection_lost'],
];

/** Deno's and Bun's fetch say it in words alone. */
const BY_MESSAGE: readonly (readonly [RegExp, FailureCode])[] = [
  [/NotValidYet|certificate (is )?(not yet valid|expired)|Expired/i, 'certificate_date'],
  [/certificate|UnknownIssuer/i, 'certificate_rejected'],
  [/dns error|failed to lookup|name or service not known/i, 'dns_failed'],
  [/connection refused|unable to connect/i, 'connection_refused'],
  [/unreachable/i, 'network_unreachable'],
  [/proxy.*(407|authentication)/i, 'proxy_authentication'],
  [/proxy|tunnel/i, 'proxy_failed'],
  [/timed? ?out/i, 'timed_out'],
  [/connection (was )?(reset|closed)/i, 'connection_lost'],
];

/** What was thrown on the way to an answer. @internal */
export function failureOf(cause: unknown): Unavailable {
  const chain = causesOf(cause);
  const codes = chain.flatMap((error) => [textOf(Reflect.get(error, 'code')), textOf(Reflect.get(error, 'name'))]);
  const byCode = BY_ERROR_CODE.find(([pattern]) => codes.some((code) => code !== undefined && pattern.test(code)));
  const byMessage = BY_MESSAGE.find(([pattern]) =>
    chain.some((error) => pattern.test(textOf(Reflect.get(error, 'message')) ?? '')),
  );
  const messages = chain.map((error) => textOf(Reflect.get(error, 'message')) ?? '');
  const found = (byCode ?? byMessage)?.[1] ?? 'unreachable';
  const code =
    found === 'proxy_failed' && messages.some((text) => /\b407\b/.test(text)) ? 'proxy_authentication' : found;
  return unavailable(code, messages.findLast((text) => text !== '') ?? String(cause), cause);
}

/** An error and what caused it, the outermost first. fetch hides the reason two causes deep, and in an AggregateError. */
function causesOf(thrown: unknown): object[] {
  const found: object[] = [];
  const waiting: unknown[] = [thrown];
  while (waiting.length > 0 && found.length < 16) {
    const error = waiting.shift();
    if (typeof error !== 'object' || error === null || found.includes(error)) continue;
    found.push(error);
    const errors: unknown = Reflect.get(error, 'errors');
    waiting.push(Reflect.get(error, 'cause'), ...(Array.isArray(errors) ? errors : []));
  }
  return found;
}

/** An answer that is none of those that were asked for. @internal */
export function failureOfAnswer(
  { status, retryAfter }: { readonly status: number; readonly retryAfter?: string | undefined },
  problem: JsonObject | undefined,
): Unavailable {
  const code = textOf(asObject(problem)?.['code']);
  const failure = codeOfAnswer(status, code);
  const detail = `it answered ${status}${code === undefined ? '' : ` ${code}`}`;
  const cause = new Error(`The licence server answered ${status}${code === undefined ? '' : `: ${code}`}.`);
  return { ...unavailable(failure, detail, cause), retryAfter: waitOf(retryAfter) };
}

function codeOfAnswer(status: number, code: string | undefined): FailureCode {
  if (status === 407) return 'proxy_authentication';
  if (status === 429) return 'rate_limited';
  if (code === 'signing_unavailable') return 'signing_unavailable';
  // An API answers, and has no such route: the address leads beside the licence server.
  if (status === 404 || status === 405) return 'not_a_license_server';
  if (code !== undefined) return 'server_failed';
  if (status === 502 || status === 504) return 'proxy_failed';
  return status >= 500 ? 'server_failed' : 'not_a_license_server';
}

/** Milliseconds. No answer, which may be a proxy's, silences a program for longer. */
const LONGEST_RETRY_AFTER = 3_600_000;

/** RFC 9110, section 10.2.3: seconds, or a date. @returns milliseconds */
function waitOf(retryAfter = ''): number | undefined {
  const wait = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.max(0, Math.min(wait, LONGEST_RETRY_AFTER));
}

/** @internal */
export function unavailable(code: FailureCode, detail: string | undefined, cause: unknown): Unavailable {
  const message = detail ? `${SENTENCES[code]} (${detail.replace(/\.$/, '')})` : SENTENCES[code];
  return { kind: 'unavailable', code, message, cause };
}
