import * as z from 'zod';
import { defineRoute } from '../http/route.ts';

/** The files of the documentation page, by the names in their URLs. */
const DOCS_ASSETS = ['docs.css', 'docs.js', 'icon.svg', 'swagger-ui.css', 'swagger-ui-bundle.js'] as const;

export type DocsAsset = (typeof DOCS_ASSETS)[number];

export const openApi = defineRoute({
  id: 'getOpenApi',
  method: 'GET',
  path: '/api/openapi.json',
  access: ['anyone'],
  summary: 'This API as an OpenAPI 3.1 document',
  responses: {
    200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string(), paths: z.looseObject({}) }) },
  },
  publicCors: true,
});

export const docsPage = defineRoute({
  id: 'getDocs',
  method: 'GET',
  path: '/api/docs',
  access: ['anyone'],
  summary: 'This API as an interactive page',
  responses: { 200: { description: 'The page', contentType: 'text/html', schema: z.string() } },
});

export const docsAsset = defineRoute({
  id: 'getDocsAsset',
  method: 'GET',
  path: '/api/docs/assets/{file}',
  access: ['anyone'],
  summary: 'A stylesheet, script or image of the page',
  params: z.object({ file: z.enum(DOCS_ASSETS) }),
  responses: { 200: { description: 'The file', contentType: '*/*', schema: z.string() } },
});
