export const MAX_MEDIA_TYPE_CHARACTERS = 255;

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** Printable ASCII only, since clients treat other characters in a header differently. */
const QUOTED = '"(?:[ !#-\\[\\]-~]|\\\\[ -~])*"';
const MEDIA_TYPE = new RegExp(`^(${TOKEN}/${TOKEN})(?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|${QUOTED}))*$`);
/** A token without a star, which would look like a wildcard in a range. */
const PLAIN = TOKEN.replace('*', '');
const RANGE = new RegExp(`^(?:\\*/\\*|${PLAIN}/(?:\\*|${PLAIN}))$`);

/** Whether a text is a media type with parameters (RFC 9110, section 8.3.1). It cannot contain a line end. */
export const isMediaType = (text: string): boolean => text.length <= MAX_MEDIA_TYPE_CHARACTERS && MEDIA_TYPE.test(text);

/** Whether a text is a media range without parameters (RFC 9110, section 12.5.1), e.g. `image/png` or `image/*`. */
export const isMediaRange = (text: string): boolean => RANGE.test(text);

/** Type and subtype in lower case, without parameters; empty for a text that is no media type. */
export const essenceOf = (mediaType: string): string => (MEDIA_TYPE.exec(mediaType)?.[1] ?? '').toLowerCase();

/** Whether one of the ranges includes the media type. Parameters and case are ignored. */
export function covers(ranges: readonly string[], mediaType: string): boolean {
  const essence = essenceOf(mediaType);
  const wider = ['*/*', `${essence.slice(0, essence.indexOf('/'))}/*`, essence];
  return ranges.some((range) => wider.includes(range.toLowerCase()));
}
