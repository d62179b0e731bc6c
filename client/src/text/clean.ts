/**
 * Text as people, mail programs, terminals and files hand it in. Three rules, each used wherever such text arrives, so
 * that the same words are the same words everywhere: one for short texts, one for licence keys (license-key.ts), one for
 * the bytes of a file (decode.ts).
 */

/** Characters that are not seen: soft hyphen, zero width, joiners, direction marks, byte order mark, variation selectors. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cc}]/gu;
/** What a word processor or a web page makes of a hyphen. */
const DASH = /[\p{Pd}\u2212]/gu;
/** Quotes of every kind, as a shell script, docker's --env-file or a word processor leaves them around a value. */
const QUOTED =
  /^(["'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f\u301d-\u301f])(.*)(["'`\u2018-\u201f\u00ab\u00bb\u2039\u203a\u300c-\u300f\u301d-\u301f])$/su;

/**
 * A short text that names something: a hardware id, an application, a host name, an address. Unicode's compatibility
 * form (full-width letters become plain ones), without invisible characters, without a pair of quotes around it, white
 * space of every kind as one space, none at the ends, dashes of every kind as `-`. Letter case stays.
 */
export function cleanText(text: string): string {
  const spaced = text.normalize('NFKC').replace(/\s/gu, ' ').replace(INVISIBLE, '');
  const plain = spaced.replace(/ +/g, ' ').replace(DASH, '-').trim();
  const inner = QUOTED.exec(plain)?.[2];
  return inner === undefined || inner.trim() === '' ? plain : inner.trim();
}
