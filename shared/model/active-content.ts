import { essenceOf } from './media-type.ts';

/**
 * Types that a browser runs, or in which it runs scripts: pages, every XML (an XSLT or an XHTML element in it runs), SVG,
 * scripts of all names (HTML standard, "JavaScript MIME type"), archives of pages, and types for which a browser guesses
 * another one from the content (MIME Sniffing standard, section 7).
 */
const ACTIVE_TYPES = new Set([
  ...['text/html', 'text/xml', 'application/xml', 'text/xsl', 'text/xsl-xml', 'text/x-component', 'application/hta'],
  ...['multipart/related', 'multipart/x-mixed-replace', 'message/rfc822', 'application/x-mimearchive'],
  ...['application/ecmascript', 'application/javascript', 'application/x-ecmascript', 'application/x-javascript'],
  ...['text/ecmascript', 'text/javascript', 'text/jscript', 'text/livescript', 'text/x-ecmascript'],
  ...['text/x-javascript', 'text/vbscript', 'application/wasm', 'application/x-shockwave-flash'],
  ...['unknown/unknown', 'application/unknown', '*/*'],
]);

const ACTIVE_EXTENSIONS = new Set(
  (
    'html htm xhtml xht xhtm shtml shtm stm dhtml hta htc mht mhtml eml svg svgz xml xsl xslt xsd rdf rss atom mathml mml ' +
    'xul xbl wsdl dtd js mjs cjs jsm es jse vbs vbe wsf wasm swf'
  ).split(' '),
);

/**
 * Whether a browser would run a file: by the type, or by the extension of the name's last segment. Letter case, parameters
 * of the type and what stands after the extension (dots, spaces, `;v=1`) do not matter.
 * @param mediaType as requested, if it was
 */
export function isActiveContent(name: string, mediaType: string | undefined): boolean {
  return (mediaType !== undefined && isActiveType(essenceOf(mediaType))) || hasActiveExtension(name);
}

const isActiveType = (essence: string) =>
  ACTIVE_TYPES.has(essence) || essence.endsWith('+xml') || /^text\/javascript1\.\d$/.test(essence);

function hasActiveExtension(name: string): boolean {
  const segment = name.slice(name.lastIndexOf('/') + 1);
  // As people and file systems read it: full-width letters are letters, and what cannot be seen is not there.
  const seen = segment
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '')
    .toLowerCase()
    .replace(/[;?#].*$/u, '')
    .replace(/[.\s]+$/u, '');
  // An extension ends where its letters and digits do: `page.html~`, `drawing.svg (2)`.
  const [, extension = ''] = /\.\s*([a-z0-9]+)[^.]*$/.exec(seen) ?? [];
  return ACTIVE_EXTENSIONS.has(extension);
}
