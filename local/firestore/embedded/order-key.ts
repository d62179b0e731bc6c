import type { Direction, Value } from './messages.ts';

/**
 * Values as strings of bytes (characters up to U+00FF) whose order is Firestore's order of values, so that an index is a
 * sorted list of strings. No encoding is a prefix of another's, so encodings can be joined into the key of a composite
 * index. Order of kinds and within kinds: Firestore's documentation, "Supported data types, value type ordering".
 */

/** The first byte of an encoding: the kind of value. */
const KINDS = {
  nullValue: '\x10',
  booleanValue: '\x20',
  number: '\x30',
  timestampValue: '\x40',
  stringValue: '\x50',
  bytesValue: '\x60',
  referenceValue: '\x70',
  geoPointValue: '\x80',
  arrayValue: '\x90',
  mapValue: '\xa0',
} as const;

const NAN = `${KINDS.number}\x00`;
const END = '\x00';
const ENTRY = '\x01';

export function encodeValue(value: Value): string {
  if (value.stringValue !== undefined) return KINDS.stringValue + encodeString(value.stringValue);
  if (value.integerValue !== undefined) return encodeInteger(value.integerValue);
  if (value.doubleValue !== undefined) return encodeDouble(value.doubleValue);
  if (value.booleanValue !== undefined) return KINDS.booleanValue + (value.booleanValue ? '\x02' : '\x01');
  if (value.nullValue !== undefined) return KINDS.nullValue;
  if (value.timestampValue !== undefined) {
    const { seconds, nanos } = value.timestampValue;
    return KINDS.timestampValue + orderedDouble(Number(seconds)) + orderedDouble(nanos);
  }
  if (value.bytesValue !== undefined) return KINDS.bytesValue + escapeZeros(value.bytesValue.toString('latin1'));
  if (value.referenceValue !== undefined) return KINDS.referenceValue + encodePath(value.referenceValue);
  if (value.geoPointValue !== undefined) {
    const { latitude, longitude } = value.geoPointValue;
    return KINDS.geoPointValue + orderedDouble(latitude) + orderedDouble(longitude);
  }
  if (value.arrayValue !== undefined) {
    return KINDS.arrayValue + value.arrayValue.values.map(encodeValue).join('') + END;
  }
  if (value.mapValue !== undefined) {
    // Maps compare by their first key, then its value, then the next key.
    const entries = Object.entries(value.mapValue.fields).map(
      ([name, field]) => ENTRY + encodeString(name) + encodeValue(field),
    );
    return KINDS.mapValue + entries.sort(byCodeUnits).join('') + END;
  }
  throw new TypeError('a value without a kind');
}

const byCodeUnits = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The kind that an encoded value has, itself the beginning of the encoding of every value of that kind. NaN, which
 * sorts before all numbers, is a kind of its own: no range finds it.
 */
export const kindOf = (encoded: string): string => encoded.slice(0, encoded.startsWith(KINDS.number) ? 2 : 1);

export const isNullOrNaN = (encoded: string): boolean => encoded === KINDS.nullValue || encoded === NAN;

/** Strings are ordered by their UTF-8 bytes. */
export function encodeString(text: string): string {
  return escapeZeros(/^[\x01-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'));
}

/** A resource's name or path, ordered segment by segment. */
const encodePath = (path: string): string => path.split('/').map(encodeString).join('') + END + END;

/** Zero bytes are followed by 0xff, the end is 0x00 0x01: a string sorts before its own continuations. */
const escapeZeros = (bytes: string): string =>
  `${bytes.includes(END) ? bytes.replaceAll(END, '\x00\xff') : bytes}${END}${ENTRY}`;

/** Integers and doubles are one kind and compare as numbers: the nearest double, then what it misses of the integer. */
function encodeInteger(decimal: string): string {
  const nearest = Number(decimal);
  if (Number.isSafeInteger(nearest)) return `${KINDS.number}\x01${orderedDouble(nearest)}\x80\x00`;
  const missed = Number(BigInt(decimal) - BigInt(nearest)) + 0x8000;
  return `${KINDS.number}\x01${orderedDouble(nearest)}${String.fromCharCode(missed >> 8, missed & 0xff)}`;
}

const encodeDouble = (value: number): string =>
  Number.isNaN(value) ? NAN : `${KINDS.number}\x01${orderedDouble(value)}\x80\x00`;

const eight = Buffer.alloc(8);

/** IEEE 754 with the sign flipped, and everything else too for negative numbers; 0 and -0 are the same number. */
function orderedDouble(value: number): string {
  eight.writeDoubleBE(value === 0 ? 0 : value);
  if ((eight.readUInt8(0) & 0x80) === 0) eight.writeUInt8(eight.readUInt8(0) | 0x80, 0);
  else for (let at = 0; at < 8; at += 1) eight.writeUInt8(~eight.readUInt8(at) & 0xff, at);
  return eight.toString('latin1');
}

/** For a descending index: every byte's complement, which reverses the order. */
export function directed(encoded: string, direction: Direction): string {
  if (direction === 'ASCENDING') return encoded;
  const bytes = Buffer.from(encoded, 'latin1');
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = ~(bytes[at] ?? 0);
  return bytes.toString('latin1');
}

/** A place between keys: before everything that begins with these bytes, or behind it. */
export const before = (bytes: string): string => bytes;
export const behind = (bytes: string): string => `${bytes}\u0100`;
