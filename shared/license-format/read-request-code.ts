import { ALPHABET } from './crockford.ts';
import { normalizeLicenseKey } from './license-key.ts';
import {
  CHECK_LENGTH,
  checksum,
  GROUP_LENGTH,
  grouped,
  HASHED,
  NAMED,
  nextChecksum,
  PREFIX,
  RESIDUE,
  requestCode,
} from './request-code.ts';

export type RequestCodeReading =
  | { readonly hardwareId: string }
  /** A sentence that says what is wrong, and where if that can be told. */
  | { readonly problem: string };

const HASHED_LENGTH = 1 + Math.ceil((32 * 8) / 5) + CHECK_LENGTH;
/** In longer codes the check does not tell where a single fault is. */
const LONGEST_LOCATED = 89;
/** What an id of 256 characters needs, three bytes each, with room for separators and invisible characters. */
const LONGEST_TYPED = 4 * 256 * 5;
/** Characters of a hardware id. */
const LONGEST_ID = 256;

/**
 * Reads a request code as people type it: with or without its prefix; case, separators and confusable letters do not
 * matter. Nothing is mended: a person compares the group that is named.
 */
export function readRequestCode(typed: string): RequestCodeReading {
  const plain = typed.length > LONGEST_TYPED ? '' : normalizeLicenseKey(typed);
  const body = plain
    .replace(new RegExp(`^${PREFIX}`), '')
    .replace(/O/g, '0')
    .replace(/[IL]/g, '1');
  const isHashed = body.startsWith(HASHED);
  if (!isHashed && !body.startsWith(NAMED)) return { problem: 'A request code begins with HW-1 or HW-2.' };
  const strange = [...body].findIndex((character) => !ALPHABET.includes(character));
  if (strange >= 0) return { problem: `Group ${groupOf(strange)} of the request code is mistyped.` };
  if (isHashed && body.length !== HASHED_LENGTH) {
    return { problem: `The request code has ${body.length} characters in place of ${HASHED_LENGTH}.` };
  }
  if (checksum(body) !== RESIDUE) return { problem: describeFault(body) };
  const bytes = fromBase32(body.slice(1, -CHECK_LENGTH));
  const hardwareId = isHashed ? toHex(bytes) : new TextDecoder().decode(bytes);
  // What is not the one spelling of its id was not made from one.
  const isWritten = hardwareId !== '' && hardwareId.length <= LONGEST_ID && requestCode(hardwareId) === grouped(body);
  return isWritten ? { hardwareId } : { problem: 'The request code names no machine.' };
}

const groupOf = (index: number): number => Math.floor(index / GROUP_LENGTH) + 1;

/**
 * With one wrong character there is one place where another makes a code of it; with two or three there is none. The
 * checksum is linear: what a wrong character changes depends on its place and on the difference alone.
 */
function describeFault(body: string): string {
  const wanted = checksum(body) ^ RESIDUE;
  const isLocated = body.length <= LONGEST_LOCATED;
  for (let difference = 1; isLocated && difference < ALPHABET.length; difference += 1) {
    let change = difference;
    for (let index = body.length - 1; index >= 0; index -= 1) {
      if (change === wanted) return `Group ${groupOf(index)} of the request code is mistyped.`;
      change = nextChecksum(change, 0);
    }
  }
  return 'The request code is mistyped or incomplete.';
}

function fromBase32(text: string): Uint8Array {
  const bits = [...text].map((character) => ALPHABET.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (eight) => Number.parseInt(eight, 2));
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
