import type { Code } from './code.ts';

/** What terraform/routes.json says: paths with the function that they lead to. */
export interface RouteFile {
  /** Routes of the scheduler alone: no path of the load balancer leads there. */
  readonly internal: Readonly<Record<string, string>>;
  /** Paths of the URL map, in its own form. */
  readonly public: Readonly<Record<string, string>>;
}

/**
 * A route's paths in a URL map. Its patterns know one `*`, as the last segment, and take a trailing slash for another
 * path; `*` takes whatever follows, so that the rest of a path with a parameter is the function's to judge.
 */
export function urlMapPaths(path: string): string[] {
  const parameter = path.indexOf('{');
  if (parameter === -1) return path === '/' ? [path] : [path, `${path}/`];
  return [`${path.slice(0, path.lastIndexOf('/', parameter) + 1)}*`];
}

/**
 * The function that a URL map leads to: a path that is there as it stands wins, then the longest pattern.
 * https://cloud.google.com/load-balancing/docs/url-map-concepts
 */
export function resolve(map: RouteFile['public'], path: string): string | undefined {
  if (map[path] !== undefined) return map[path];
  const patterns = Object.keys(map).filter((key) => key.endsWith('/*') && path.startsWith(key.slice(0, -1)));
  const [longest] = patterns.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : map[longest];
}

export function routeFile(contract: Code['contract']): RouteFile {
  const internal: Record<string, string> = {};
  const open: Record<string, string> = {};
  for (const [name, routes] of Object.entries(contract)) {
    for (const { path, access } of routes) {
      if (access.every((who) => who === 'scheduler')) internal[path] = name;
      else for (const pattern of urlMapPaths(path)) open[pattern] = name;
    }
  }
  return { internal: sorted(internal), public: sorted(open) };
}

const sorted = (map: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));

/** Patterns are coarser than routes: two functions must not want the same one. */
export function checkPatterns(contract: Code['contract']): string[] {
  const { public: map } = routeFile(contract);
  return Object.entries(contract).flatMap(([name, routes]) =>
    routes
      .filter(({ access }) => !access.every((who) => who === 'scheduler'))
      .flatMap(({ path }) => (path === '/' ? [path] : [path, `${path}/`]))
      .map((path) => path.replaceAll(/\{\w+\}/g, 'x'))
      .filter((path) => resolve(map, path) !== name)
      .map(
        (path) => `shared/contract: ${path} is ${name}'s, and the URL map can only lead it to ${resolve(map, path)}`,
      ),
  );
}
