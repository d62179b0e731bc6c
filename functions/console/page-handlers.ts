import * as contract from '#shared/contract/console.ts';
import { createResource, type Resource } from '#shared/http/resource.ts';
import type { BoundRoute, HttpResponse } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { AppFiles } from './app-files.ts';
import { FRONT_PAGE, PAGE_POLICY, type PageSettings, portalPolicy, renderPage } from './page.ts';

/** A file's name changes with its content, so a copy is good for ever. */
const FOR_EVER = 'public, max-age=31536000, immutable';
/** The page names the files of this release: it is asked for each time, and answered with 304 where it is the same. */
const ASKED_EACH_TIME = 'no-cache';

/** The files of the app, and the page at every address that the app knows. */
export function pageRoutes(files: AppFiles, { providers, portal }: PageSettings): BoundRoute[] {
  const assets = new Map<string, Resource>();
  const asset = (name: string): Resource => {
    const known = assets.get(name);
    if (known !== undefined) return known;
    const { bytes, contentType } = files.read(name);
    const resource = createResource(bytes, { 'content-type': contentType, 'cache-control': FOR_EVER });
    assets.set(name, resource);
    return resource;
  };

  const page =
    (policy: string, render: () => string) =>
    ({ headers }: { readonly headers: Readonly<Record<string, string | undefined>> }): HttpResponse =>
      createResource(render(), {
        'content-type': 'text/html; charset=utf-8',
        'cache-control': ASKED_EACH_TIME,
        'content-security-policy': policy,
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
      }).answer(headers);

  const consolePage = page(PAGE_POLICY, () => renderPage(files.manifest(), { providers: providers.join(' ') }));
  const look = { accent: portal.accent, logo: portal.logo };
  return [
    ...contract.consolePages.map((route) => bind(route, consolePage)),
    bind(
      contract.frontPage,
      page(PAGE_POLICY, () => FRONT_PAGE),
    ),
    bind(
      contract.portalPage,
      page(portalPolicy(portal), () => renderPage(files.manifest(), { portal: 'true', ...look })),
    ),
    bind(contract.consoleAsset, ({ params, headers }) => asset(params.file).answer(headers)),
  ];
}
