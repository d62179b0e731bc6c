/**
 * What in a path is a secret: it belongs in no address, and a caller who puts it there anyway must not find it in our logs.
 * The part that names the thing stays.
 */
const SECRETS: readonly (readonly [pattern: RegExp, kept: string])[] = [
  // A session id, and an invitation's token: id, dot, secret.
  [/^(lic_\w{12}(?:\.|%2e)).+$/i, '$1…'],
  [/^(inv_\w{32}(?:\.|%2e)).+$/i, '$1…'],
  // A licence key, however it is typed.
  [/^(?:%..|\W)*c(?:%..|\W)*s(?:%..|\W)*[0-9a-z].{25,}$/i, 'CS-…'],
  // A JSON Web Token.
  [/^eyJ[\w-]+(?:\.|%2e).*$/i, 'eyJ…'],
];

/** The longest identifier of ours is a session's handle; what is longer is none. */
const LONGEST = 64;

/** The path for the log, without what looks like a session id, licence key or token. */
export const safePath = (path: string): string => path.split('/').map(safeSegment).join('/');

/** Every secret but a token is longer than this: the shortest is `lic_`, twelve characters, a dot and more. */
const SHORT = 17;

function safeSegment(segment: string): string {
  if (segment.length <= SHORT && !/^eyj/i.test(segment)) return segment;
  const found = SECRETS.find(([pattern]) => pattern.test(segment));
  if (found !== undefined) return segment.replace(found[0], found[1]);
  return segment.length > LONGEST ? `${segment.slice(0, 8)}…` : segment;
}
