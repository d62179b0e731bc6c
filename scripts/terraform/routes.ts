import type { Code } from './code.ts';
import { at, expression, type Terraform } from './hcl.ts';

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
  if (parameter === -1) return [path, `${path}/`];
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

export const render = (file: RouteFile): string => `${JSON.stringify(file, null, 2)}\n`;

/** The route table, the file that is written from it, and the URL map that is made of the file. */
export function checkRoutes({ contract }: Code, terraform: Terraform): string[] {
  return [...checkFile(contract, terraform), ...checkWays(contract), ...checkUrlMap(terraform)];
}

function checkFile(contract: Code['contract'], { texts }: Terraform): string[] {
  const wanted = routeFile(contract);
  if (texts.get('routes.json') === render(wanted)) return [];
  const there = texts.get('routes.json') ?? '';
  const missing = Object.keys({ ...wanted.internal, ...wanted.public }).filter((path) => !there.includes(`"${path}"`));
  const which = missing.length === 0 ? '' : ` (no ${missing.join(', ')})`;
  return [`terraform/routes.json: differs from the route table${which}; run node scripts/check-terraform.ts --write`];
}

/** Patterns are coarser than routes: two functions must not want the same one. */
function checkWays(contract: Code['contract']): string[] {
  const { public: map } = routeFile(contract);
  return Object.entries(contract).flatMap(([name, routes]) =>
    routes
      .filter(({ access }) => !access.every((who) => who === 'scheduler'))
      .flatMap(({ path }) => [path, `${path}/`])
      .map((path) => path.replaceAll(/\{\w+\}/g, 'x'))
      .filter((path) => resolve(map, path) !== name)
      .map(
        (path) => `shared/contract: ${path} is ${name}'s, and the URL map can only lead it to ${resolve(map, path)}`,
      ),
  );
}

const WIRING = {
  routes: `jsondecode(file("${expression('path.module')}/routes.json"))`,
  edge: '{ for path, service in local.routes.public : service => path... }',
  rules: 'var.routes',
  paths: 'path_rule.value',
};

function checkUrlMap({ locals, modules, resources }: Terraform): string[] {
  const edge = modules.find(({ name }) => name === 'edge');
  const map = resources.find(({ type, name }) => type === 'google_compute_url_map' && name === 'this');
  const rule = at(map?.body, 'dynamic', 'path_matcher', 'content', 'dynamic', 'path_rule');
  const found = {
    routes: locals['routes'],
    edge: at(edge?.body, 'routes'),
    rules: at(rule, 'for_each'),
    paths: at(rule, 'content', 'paths'),
  };
  const off = Object.entries(WIRING).filter(([name, text]) => Reflect.get(found, name) !== expression(text));
  return off.map(([name, text]) => `terraform: the URL map is not made of routes.json: ${name} must be ${text}`);
}
