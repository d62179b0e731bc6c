import type { Route } from '#shared/http/route.ts';
import type { FaultCode } from '#shared/model/errors.ts';
import { EXAMPLES, NEXT } from '../examples/index.ts';
import { errorsOf } from './errors.ts';
import { operationOf } from './operation.ts';
import { HEADERS, PROBLEM_SCHEMA, problemExamples } from './problem.ts';
import { bySection, sectionOf, sectionsOf } from './sections.ts';
import { SECURITY_SCHEMES } from './security.ts';

const DESCRIPTION = `
Signed licences with floating seats, the public keys to check them, sealed payloads of background tasks, and signed
URLs.

## Hold a seat in three requests

1. **Acquire**: take the example of \`POST /api/v1/licenses/acquire\`, put your own licence key, and send it.
2. **Heartbeat** every \`heartbeat_interval_seconds\`: its example with the \`session_id\` that was answered.
3. **Release** when done: the same body.

## Good to know

JSON in UTF-8; members that are not named here are refused. Times are RFC 3339 in UTC with milliseconds. Every refusal
is a problem document (RFC 9457) with a stable \`code\`. 429 and 503 say in \`Retry-After\` when to try again. Every
example of a request is sent by a test, and its answer compared.
`.trim();

/** The owner has granted no licence yet; package.json says the same. */
const LICENSE = { name: 'All rights reserved', identifier: 'LicenseRef-UNLICENSED' };

/**
 * The API as an OpenAPI 3.1 document, generated from the route table.
 * @param contract which function serves which routes
 * @throws TypeError for a function that no section describes
 */
export function openApiDocument(contract: Readonly<Record<string, readonly Route[]>>): Record<string, unknown> {
  const documented = (name: string) => (contract[name] ?? []).filter(({ pageOnly }) => pageOnly !== true);
  const isPage = (name: string) =>
    (contract[name] ?? []).some(({ pageOnly }) => pageOnly) && documented(name).length === 0;
  const names = bySection(Object.keys(contract).filter((name) => !isPage(name)));
  const routes = names.flatMap((name) => documented(name).map((route) => ({ name, route })));
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { name, route } of routes) {
    const operation = operationOf(route, {
      tag: sectionOf(name).title,
      examples: EXAMPLES.get(route.id) ?? {},
      next: NEXT[route.id] ?? {},
    });
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operation };
  }
  const codes = new Set<FaultCode>(routes.flatMap(({ route }) => [...errorsOf(route).values()].flat()));
  return {
    openapi: '3.1.1',
    info: { title: 'Countersign API', version: '1', description: DESCRIPTION, license: LICENSE },
    // Relative to where the document was fetched: every installation has a host of its own.
    servers: [{ url: '/', description: 'This installation' }],
    tags: sectionsOf(names).map(({ title, description }) => ({ name: title, description })),
    paths,
    components: {
      schemas: { Problem: PROBLEM_SCHEMA },
      headers: HEADERS,
      examples: problemExamples(codes),
      securitySchemes: SECURITY_SCHEMES,
    },
  };
}
