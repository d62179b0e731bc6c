/**
 * A licence as people hand it on: pasted into a mail, quoted in the answer to it, wrapped at 76 columns, between a
 * greeting and a signature, or saved by an editor in UTF-16.
 * @returns what looks like the licence, for the parser to judge: JSON from its first brace to the one that closes it, or
 *   a token's three parts; the text itself when it looks like neither
 */
export function extractLicense(text: string): string {
  const plain = unquote(readable(text));
  return findToken(plain) ?? findObject(plain) ?? plain.trim();
}

/** UTF-16 that was read as UTF-8 has a zero after each ASCII character. */
const readable = (text: string): string =>
  (text.includes('\0') ? text.replace(/[\0\ufffd]/g, '') : text).replace(/\ufeff/g, '').replace(/\r\n?/g, '\n');

/** What a mail program puts before lines that it quotes, and quoted-printable (RFC 2045, section 6.7). */
function unquote(text: string): string {
  const unmarked = text.replace(/^[ \t]*(?:[>|][ \t]?)+/gm, '');
  return /=3D|=\n/.test(unmarked) ? unmarked.replace(/=[ \t]*\n/g, '').replace(/=3D/g, '=') : unmarked;
}

/** base64url of `{"`, with which every header begins. */
const TOKEN_START = 'eyJ';
/** An RSA-4096 signature in base64url: what comes after it belongs to the sentence that the token stands in. */
const SIGNATURE_LENGTH = 683;
/** Padding belongs to no token, and is kept for the parser to refuse. */
const TOKEN_CHARACTER = /[\w.=-]/;
/** Between the pieces of a token: white space and characters that are not seen. */
const BETWEEN = /[\s\p{Default_Ignorable_Code_Point}]/u;

function findToken(text: string): string | undefined {
  const start = text.indexOf(TOKEN_START);
  // A token in a JSON document is the parser's business.
  if (start < 0 || text.trimStart().startsWith('{') || /[\w.-]$/.test(text.slice(0, start))) return undefined;
  let token = '';
  let dots = 0;
  for (const character of text.slice(start)) {
    const complete = dots === 2 && token.length - token.lastIndexOf('.') - 1 >= SIGNATURE_LENGTH;
    if (BETWEEN.test(character)) {
      if (complete) break;
    } else if (TOKEN_CHARACTER.test(character)) {
      token += character;
      if (character === '.') dots += 1;
    } else break;
  }
  // The full stop of the sentence; a part too many is for the parser to refuse.
  return dots > 2 ? token.replace(/\.+$/, '') : token;
}

function findObject(text: string): string | undefined {
  const start = text.indexOf('{');
  if (start < 0) return undefined;
  const candidate = text.slice(start, endOfObject(text, start));
  if (isJson(candidate)) return candidate;
  // Wrapped inside a string, and with the quotes of a word processor.
  return (
    [candidate.replace(/\n/g, ''), candidate.replace(/\n/g, '').replace(/[\u201c-\u201f]/g, '"')].find(isJson) ??
    candidate
  );
}

/** Behind the brace that closes the one at `start`; braces within strings do not count. */
function endOfObject(text: string, start: number): number {
  let depth = 0;
  let quoted = false;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '\\') at += 1;
    else if (character === '"') quoted = !quoted;
    else if (!quoted && character === '{') depth += 1;
    else if (!quoted && character === '}') {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The lines around a licence file, also as a word processor writes their dashes. */
const FILE = /BEGIN COUNTERSIGN LICENSE[-\u2010-\u2015]*([^\u2010-\u2015-]*)[-\u2010-\u2015]*END COUNTERSIGN LICENSE/;

/**
 * The base64 of a licence file, wherever it stands in a text and however it was wrapped.
 * @returns its one canonical spelling; undefined for a text that holds no licence file
 */
export function extractLicenseFile(text: string): string | undefined {
  const found = FILE.exec(unquote(readable(text)))?.[1];
  if (found === undefined) return undefined;
  // Escaped line ends of a JSON string; padding, which quoted-printable may have eaten, follows from the length.
  const base64 = found.replace(/\\[nr]/g, '').replace(/[\s=\p{Default_Ignorable_Code_Point}]/gu, '');
  return base64 + '='.repeat((4 - (base64.length % 4)) % 4);
}
