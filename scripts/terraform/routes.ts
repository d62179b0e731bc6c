import type { Code } from './code.ts';

/** What terraform/routes.json says: paths with the function that they lead to. */
export interface RouteFile {
  /** Routes of the scheduler alone: no path of the load balancer leads there. */
  readonly internal: Readonly<Record<string, string>>;
  /** Paths of the URL map, in its own form. */
  readonly public: Readonly<Record<string, string>>;
}

/**
 * A route's paths in a URL map. A trailing slash makes another path. A path with a parameter is a prefix, `/a/*`, which
 * takes whatever follows: the rest is the function's to judge.
 */
export function urlMapPaths(path: string): string[] {
  const parameter = path.indexOf('{');
  if (parameter === -1) return path === '/' ? [path] : [path, `${path}/`];
  return [`${path.slice(0, path.lastIndexOf('/', parameter) + 1)}*`];
}

/**
 * The same for a path that is below another function's prefix: templates, in which `*` is one segment and `**` whatever
 * follows, such as a trailing slash.
 */
function urlMapTemplates(path: string): string[] {
  const template = path.replaceAll(/(?<=\/)\{\w+\}(?=\/|$)/g, '*');
  return [template, `${template}/**`];
}

const isPrefix = (pattern: string) => /^[^*]*\/\*$/.test(pattern);

/** The function that a URL map leads to: a path that is there as it stands, then templates, then the longest prefix. */
export function resolve(map: RouteFile['public'], path: string): string | undefined {
  if (map[path] !== undefined) return map[path];
  const patterns = Object.keys(map).filter((key) => key.includes('*'));
  const template = patterns.find((pattern) => !isPrefix(pattern) && toRegExp(pattern).test(path));
  if (template !== undefined) return map[template];
  const prefixes = patterns.filter((pattern) => isPrefix(pattern) && path.startsWith(pattern.slice(0, -1)));
  const [longest] = prefixes.toSorted((a, b) => b.length - a.length);
  return longest === undefined ? undefined : map[longest];
}

const SEGMENTS: Readonly<Record<string, string>> = { '*': '[^/]+', '**': '.*' };
const toRegExp = (template: string): RegExp =>
  new RegExp(`^${template.replaceAll(/\*\*?|[.+?^$()|[\]\\]/g, (one) => SEGMENTS[one] ?? `\\${one}`)}$`);

export function routeFile(contract: Code['contract']): RouteFile {
  const internal: Record<string, string> = {};
  const open: Record<string, string> = {};
  const owners = ownersOf(contract);
  for (const [name, routes] of Object.entries(contract)) {
    for (const { path, access } of routes) {
      if (access.every((who) => who === 'scheduler')) internal[path] = name;
      else for (const pattern of patternsOf(path, name, owners)) open[pattern] = name;
    }
  }
  return { internal: sorted(internal), public: sorted(open) };
}

function patternsOf(path: string, name: string, owners: ReadonlyMap<string, string>): string[] {
  const patterns = urlMapPaths(path);
  return patterns.some((pattern) => owners.get(pattern) !== name) ? urlMapTemplates(path) : patterns;
}

/** Whose each pattern is: of functions that want the same prefix, the one that has the shortest path there. */
function ownersOf(contract: Code['contract']): ReadonlyMap<string, string> {
  const wanting = Object.entries(contract).flatMap(([name, routes]) =>
    routes
      .filter(({ access }) => !access.every((who) => who === 'scheduler'))
      .flatMap(({ path }) => urlMapPaths(path).map((pattern) => ({ pattern, path, name }))),
  );
  const owners = new Map<string, string>();
  for (const { pattern, name } of wanting.toSorted((a, b) => a.path.length - b.path.length)) {
    if (!owners.has(pattern)) owners.set(pattern, name);
  }
  return owners;
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
