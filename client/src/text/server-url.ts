import { cleanText } from './clean.ts';

/**
 * The address of a licence server as people hand it in: with white space, quotes or a mail's angle brackets around it.
 * @returns without a slash at its end; undefined for what is no http or https address, or holds more than one: a name and
 *   a password, which fetch refuses, a query or a fragment, behind which no path can be put
 */
export function readServerUrl(text: string): string | undefined {
  const found = cleanText(cleanText(text).replace(/^<(.*)>$/s, '$1'));
  if (!URL.canParse(found) || !/^https?:\/\/[^/]/i.test(found) || /[?#]/.test(found)) return undefined;
  const { username, password } = new URL(found);
  return username === '' && password === '' ? found.replace(/\/+$/, '') : undefined;
}
