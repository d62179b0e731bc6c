import * as z from 'zod';
import * as contract from '#shared/contract/docs.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { defineFunction } from '#shared/http/function.ts';
import { createResource, type Resource } from '#shared/http/resource.ts';
import { bind } from '#shared/http/validate.ts';
import { createAssets } from './assets.ts';
import { openApiDocument } from './document/openapi.ts';
import { CACHE_CONTROL, PAGE, PAGE_POLICY } from './page.ts';

let made: Resource | undefined;

/** Made when it is first asked for: it takes as long as the rest of the start. */
function openApi(): Resource {
  made ??= createResource(JSON.stringify(openApiDocument(CONTRACT)), {
    'content-type': 'application/json',
    'cache-control': CACHE_CONTROL,
  });
  return made;
}

/** The API's description, for programs and for people. Its account has no rights at all. */
export const docs = defineFunction({
  name: 'docs',
  config: z.object({}),
  compose() {
    const page = createResource(PAGE, {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': CACHE_CONTROL,
      'content-security-policy': PAGE_POLICY,
      'referrer-policy': 'no-referrer',
    });
    const asset = createAssets();
    return {
      routes: [
        bind(contract.openApi, ({ headers }) => openApi().answer(headers)),
        bind(contract.docsPage, ({ headers }) => page.answer(headers)),
        bind(contract.docsAsset, ({ params, headers }) => asset(params.file).answer(headers)),
      ],
      close: async () => undefined,
    };
  },
});
