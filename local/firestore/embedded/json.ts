import { invalidArgument } from '#local/grpc/status.ts';
import type { Fields, Timestamp, Value } from './messages.ts';

/** Documents as the REST API writes them: protobuf's JSON form, with bytes in base64 and times by RFC 3339. */

export function toJson(message: unknown): unknown {
  if (Buffer.isBuffer(message)) return message.toString('base64');
  if (Array.isArray(message)) return message.map(toJson);
  if (typeof message === 'number' && !Number.isFinite(message)) return String(message);
  if (typeof message !== 'object' || message === null) return message;
  if (isTimestamp(message)) return rfc3339(message);
  return Object.fromEntries(
    Object.entries(message).map(([name, value]) => [name, value === 'NULL_VALUE' ? null : toJson(value)]),
  );
}

const isTimestamp = (message: object): message is Timestamp =>
  'seconds' in message && typeof message.seconds === 'string' && 'nanos' in message;

/** With as many digits as it needs: `2026-11-26T00:00:00.000001Z`. */
function rfc3339({ seconds, nanos }: Timestamp): string {
  const whole = new Date(Number(seconds) * 1_000).toISOString().slice(0, 19);
  const micros = String(nanos / 1_000).padStart(6, '0');
  return nanos === 0 ? `${whole}Z` : `${whole}.${micros}Z`;
}

/** @throws GrpcError INVALID_ARGUMENT for JSON that is no document */
export function readFields(json: unknown): Fields {
  if (json === undefined) return {};
  return Object.fromEntries(Object.entries(objectOf(json)).map(([name, value]) => [name, readValue(value)]));
}

const READERS: { readonly [Kind in keyof Value]-?: (json: unknown) => Value | undefined } = {
  nullValue: (json) => (json === null || json === 'NULL_VALUE' ? { nullValue: 'NULL_VALUE' } : undefined),
  booleanValue: (json) => (typeof json === 'boolean' ? { booleanValue: json } : undefined),
  integerValue: (json) =>
    /^-?\d{1,19}$/.test(String(json)) ? { integerValue: String(BigInt(String(json))) } : undefined,
  doubleValue: (json) =>
    typeof json === 'number' || typeof json === 'string' ? { doubleValue: Number(json) } : undefined,
  timestampValue: (json) => (typeof json === 'string' ? readTimestamp(json) : undefined),
  stringValue: (json) => (typeof json === 'string' ? { stringValue: json } : undefined),
  bytesValue: (json) => (typeof json === 'string' ? { bytesValue: Buffer.from(json, 'base64') } : undefined),
  referenceValue: (json) => (typeof json === 'string' ? { referenceValue: json } : undefined),
  geoPointValue: (json) => {
    const { latitude = 0, longitude = 0 } = objectOf(json);
    return { geoPointValue: { latitude: Number(latitude), longitude: Number(longitude) } };
  },
  arrayValue: (json) => {
    const { values = [] } = objectOf(json);
    return Array.isArray(values) ? { arrayValue: { values: values.map(readValue) } } : undefined;
  },
  mapValue: (json) => ({ mapValue: { fields: readFields(objectOf(json)['fields']) } }),
};

function readValue(json: unknown): Value {
  const [[kind, content] = ['', undefined], ...others] = Object.entries(objectOf(json));
  const value = others.length === 0 && isKind(kind) ? READERS[kind](content) : undefined;
  if (value === undefined) throw invalidArgument(`This is no value: ${JSON.stringify(json)}`);
  return value;
}

const isKind = (kind: string): kind is keyof Value => Object.hasOwn(READERS, kind);

function readTimestamp(text: string): Value | undefined {
  const [, whole, fraction = '', zone] = /^(.{19})(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const seconds = Date.parse(`${whole}${zone}`) / 1_000;
  if (whole === undefined || Number.isNaN(seconds)) return undefined;
  return { timestampValue: { seconds: String(seconds), nanos: Number(fraction.padEnd(9, '0')) } };
}

function objectOf(json: unknown): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw invalidArgument(`An object is expected, not ${JSON.stringify(json)}`);
  }
  return { ...json };
}
