import * as contract from '#shared/contract/signed-urls.ts';
import { toProblem } from '#shared/http/problem.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind, parseOrInvalid } from '#shared/http/validate.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { Principal } from '#shared/model/principal.ts';
import { requesterOf } from '#shared/model/upload-origin.ts';
import type { SignUrl } from './sign-url.ts';
import { tenantFor } from './tenant.ts';

export function signedUrlsRoutes(signUrl: SignUrl): BoundRoute[] {
  const sign = (principal: Principal, body: contract.SignedUrlRequest) =>
    signUrl({ tenantId: tenantFor(principal, body), requestedBy: requesterOf(principal) }, body);

  const single = bind(contract.signUrl, async ({ body, principal }) => ({
    status: 200,
    body: await sign(principal, body),
  }));

  /** Handles every request as if it had come alone, all of them concurrently. */
  const batch = bind(contract.signUrls, async (input) => {
    const results = input.body.requests.map(async (body, index) => {
      try {
        return await sign(input.principal, parseOrInvalid(contract.signUrl.body, body));
      } catch (error) {
        const problem = toProblem(within(error, index), input.requestId);
        if (problem.status >= 500) logFailure(input.log, index, error);
        return problem.body;
      }
    });
    return { status: 200, body: { results: await Promise.all(results) } };
  });

  return [single, batch];
}

/** The batch as a whole answers 200, so the request log does not show the failure. */
const logFailure = (log: Logger, index: number, error: unknown) =>
  log.log('ERROR', 'signed_url_failed', { index, error });

/** Prefixes the paths in a fault with the request's position in the batch. */
function within(error: unknown, index: number): unknown {
  if (!(error instanceof Fault) || error.errors === undefined) return error;
  const prefix = `requests.${index}`;
  return invalid(
    error.errors.map(({ path, message }) => ({ path: path === '' ? prefix : `${prefix}.${path}`, message })),
  );
}
