import type { Route } from './route.ts';

/** An entry of a router: a route with its handler, or with the function that serves it. */
interface Routed {
  readonly route: Pick<Route, 'method' | 'path'>;
}

export type RouteMatch<Bound> =
  | { readonly kind: 'found'; readonly bound: Bound; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] };

interface Entry<Bound> {
  readonly path: string;
  readonly pattern: RegExp;
  readonly names: readonly string[];
  readonly byMethod: Map<string, Bound>;
}

/**
 * Creates a function that finds the route of a request. A trailing slash is ignored, HEAD uses the route of GET, and a path
 * with invalid percent-encoding is not found.
 */
export function createRouter<Bound extends Routed>(
  routes: readonly Bound[],
): (method: string, path: string) => RouteMatch<Bound> {
  const entries = new Map<string, Entry<Bound>>();
  for (const bound of routes) {
    const { path, method } = bound.route;
    const entry = entries.get(path) ?? { path, ...compile(path), byMethod: new Map<string, Bound>() };
    if (entry.byMethod.has(method)) throw new TypeError(`two routes for ${method} ${path}`);
    entry.byMethod.set(method, bound);
    entries.set(path, entry);
  }
  // Fixed paths and those with fewer parameters first, so that a parameter never matches a fixed name.
  const ordered = [...entries.values()].sort((a, b) => a.names.length - b.names.length);

  const fixed = new Map(ordered.filter(({ names }) => names.length === 0).map((entry) => [entry.path, entry]));
  const open = ordered.filter(({ names }) => names.length > 0);

  return (method, path) => {
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
    const entry = fixed.get(bare);
    if (entry !== undefined) return select(entry, method, {});
    for (const candidate of open) {
      const found = candidate.pattern.exec(bare);
      if (found === null) continue;
      const params = decodeAll(candidate.names, found.slice(1));
      return params === undefined ? { kind: 'not_found' } : select(candidate, method, params);
    }
    return { kind: 'not_found' };
  };
}

function select<Bound>(
  { byMethod }: Entry<Bound>,
  method: string,
  params: Readonly<Record<string, string>>,
): RouteMatch<Bound> {
  const bound = byMethod.get(method === 'HEAD' ? 'GET' : method);
  if (bound === undefined) return { kind: 'method_not_allowed', allow: allowed(byMethod) };
  return { kind: 'found', bound, params };
}

function compile(path: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = path.replace(/\{([a-z_]+)\}|[.*+?^$()|[\]\\]/g, (text, name: string | undefined) => {
    if (name === undefined) return `\\${text}`;
    names.push(name);
    return '([^/]+)';
  });
  return { pattern: new RegExp(`^${source}$`), names };
}

function decodeAll(names: readonly string[], values: readonly string[]): Record<string, string> | undefined {
  try {
    return Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(values[index] ?? '')]));
  } catch {
    return undefined;
  }
}

const allowed = (byMethod: ReadonlyMap<string, unknown>) =>
  [...byMethod.keys()].flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).sort();
