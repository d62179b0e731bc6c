export const MAX_MEDIA_TYPE_CHARACTERS = 255;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** Printable ASCII alone: what a client makes of other characters in a header is anyone's guess. */
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"';
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`);
/** A star is a token's character too, but in a range it would look like more than it is. */
const PLAIN = TOKEN.replace('*', '');
const RANGE = new RegExp(`^(?:\\*/\\*|${PLAIN}/(?:\\*|${PLAIN}))$`);

/** RFC 9110, section 8.3.1: type, subtype and parameters. No line end can be in one. */
export const isMediaType = (text: string): boolean => text.length <= MAX_MEDIA_TYPE_CHARACTERS && MEDIA_TYPE.test(text);

/** A type, all of a type's subtypes (`image/*`), or everything: RFC 9110, section 12.5.1, without parameters. */
export const isMediaRange = (text: string): boolean => RANGE.test(text);

/** Whether one of the ranges covers the type; parameters and case do not count. */
export function covers(ranges: readonly string[], mediaType: string): boolean {
  const essence = (MEDIA_TYPE.exec(mediaType)?.[1] ?? '').toLowerCase();
  const wider = ['*/*', `${essence.slice(0, essence.indexOf('/'))}/*`, essence];
  return ranges.some((range) => wider.includes(range.toLowerCase()));
}
