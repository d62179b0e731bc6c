import { describe, expect, test } from 'vitest';
import { CONTRACT } from '#shared/contract/index.ts';
import { resolve, routeFile, urlMapPaths } from '../../../scripts/terraform/routes.ts';

describe('paths of a URL map', () => {
  test.each([
    ['/api/v1/licenses', ['/api/v1/licenses', '/api/v1/licenses/']],
    ['/api/v1/licenses/{license_id}', ['/api/v1/licenses/*']],
    ['/api/v1/licenses/{license_id}/usage', ['/api/v1/licenses/*']],
    ['/api/v1/public-keys/{key_version}.pem', ['/api/v1/public-keys/*']],
  ])('%s', (path, paths) => {
    expect(urlMapPaths(path)).toEqual(paths);
  });
});

describe('where a URL map leads', () => {
  const map = {
    ...{ '/a': 'one', '/a/*': 'two', '/a/b/*': 'three', '/a/c': 'four' },
    ...{ '/a/*/d': 'five', '/a/*/d/**': 'five', '/a/b/d': 'six' },
  };
  test.each([
    ['/a', 'one'],
    ['/a/', 'two'],
    ['/a/x/y', 'two'],
    ['/a/b/x', 'three'],
    ['/a/b', 'two'],
    ['/a/c', 'four'],
    ['/a/c/', 'two'],
    ['/b', undefined],
    ['/a/x/d', 'five'],
    ['/a/x/d/', 'five'],
    ['/a/b/d/', 'five'],
    ['/a/b/d', 'six'],
    ['/a/x/dd', 'two'],
    ['/a//d', 'two'],
    ['/a/x/y/d', 'two'],
  ])('%s', (path, service) => {
    expect(resolve(map, path)).toBe(service);
  });
});

describe('the route table', () => {
  const { internal, public: open } = routeFile(CONTRACT);

  test('every route is reached with and without trailing slash, and those of the scheduler not at all', () => {
    const ways = Object.entries(CONTRACT).flatMap(([name, routes]) =>
      routes.flatMap(({ path, access }) => {
        const expected = access.every((who) => who === 'scheduler') ? undefined : name;
        const example = path.replaceAll(/\{\w+\}/g, 'x');
        return (example === '/' ? [example] : [example, `${example}/`]).map((one) => ({
          path: one,
          expected,
          found: resolve(open, one),
        }));
      }),
    );
    expect(ways.length).toBeGreaterThan(30);
    expect(ways.filter(({ expected, found }) => expected !== found)).toEqual([]);
  });

  test('the scheduler has its own', () => {
    expect(internal).toEqual({
      '/internal/keys/rotate': 'key-rotation',
      '/internal/sessions/reap': 'session-reaper',
      '/internal/uploads/completed': 'upload-events',
      '/internal/webhooks/deliver': 'webhook-delivery',
      '/internal/webhooks/dispatch': 'webhook-delivery',
    });
  });
});
