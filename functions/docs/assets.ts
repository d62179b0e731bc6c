import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { DocsAsset } from '#shared/contract/docs.ts';
import { createResource, type Resource } from '#shared/http/resource.ts';
import { CACHE_CONTROL } from './page.ts';

/** In the built bundle this is its folder, beside which the build puts the same files. */
const here = import.meta.dirname;
const own = (file: string) => join(here, 'assets', file);
const ofRenderer = (file: string) => createRequire(join(here, 'assets.ts')).resolve(`swagger-ui-dist/${file}`);

const SOURCES: Readonly<Record<DocsAsset, readonly [path: string, contentType: string]>> = {
  'docs.css': [own('docs.css'), 'text/css; charset=utf-8'],
  'docs.js': [own('docs.js'), 'text/javascript; charset=utf-8'],
  'icon.svg': [own('icon.svg'), 'image/svg+xml'],
  'swagger-ui.css': [ofRenderer('swagger-ui.css'), 'text/css; charset=utf-8'],
  'swagger-ui-bundle.js': [ofRenderer('swagger-ui-bundle.js'), 'text/javascript; charset=utf-8'],
};

/** The files of the page, each read when it is first asked for. @throws Error when one is not where it belongs */
export function createAssets(): (name: DocsAsset) => Resource {
  const held = new Map<DocsAsset, Resource>();
  return (name) => {
    const known = held.get(name);
    if (known !== undefined) return known;
    const [path, contentType] = SOURCES[name];
    const resource = createResource(readFileSync(path, 'utf8'), {
      'content-type': contentType,
      'cache-control': CACHE_CONTROL,
    });
    held.set(name, resource);
    return resource;
  };
}
