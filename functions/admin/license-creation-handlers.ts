import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/admin.ts';
import { toProblem } from '#shared/http/problem.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind, parseOrInvalid } from '#shared/http/validate.ts';
import type { RunOnce } from '#shared/idempotency/run-once.ts';
import { describeLicense } from '#shared/licenses/describe-license.ts';
import type { NewLicense } from '#shared/licenses/new-license.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import type { Principal } from '#shared/model/principal.ts';
import { type CreatedLicense, createdLicense, drawLicense } from './create-license.ts';
import type { Candidate } from './create-licenses.ts';
import type { createLicenses } from './licenses.ts';
import type { RunReserved } from './reserve.ts';
import { scopeOf } from './scope.ts';

export interface LicenseCreationDomain {
  readonly licenses: ReturnType<typeof createLicenses>;
  readonly runOnce: RunOnce;
  readonly runReserved: RunReserved;
  readonly clock: Clock;
}

export const licenseCreationRoutes = ({
  licenses,
  runOnce,
  runReserved,
  clock,
}: LicenseCreationDomain): BoundRoute[] => [
  bind(contract.createLicense, async (input) => {
    const wanted = wantedOf(input.principal, input.body);
    const respond = (created: CreatedLicense) => ({ status: 201, body: describeCreated(created) });
    return runOnce(input, contract.createLicense, respond, (once) => licenses.create(wanted, actorOf(input), { once }));
  }),

  bind(contract.createLicenses, async (input) => {
    const { body, principal, headers, requestId } = input;
    const candidates = body.licenses.map((license, index) => candidateOf(principal, license, index));
    const draw = () => candidates.map(() => drawLicense(clock.now()));
    const { draws, outcome } = await runReserved(input, contract.createLicenses, draw, async (draws) => {
      const faults = await licenses.createAll(candidates, draws, actorOf(input));
      // A licence that may exist is no final outcome: the repeat under the same key finds out.
      const unsettled = faults.find((fault) => fault !== undefined && toProblem(fault, requestId).status >= 500);
      if (unsettled !== undefined && headers['idempotency-key'] !== undefined) throw unsettled;
      return faults.map((fault) => (fault === undefined ? null : toProblem(fault, requestId).body));
    });
    const results = candidates.map((candidate, index) => {
      const [drawn, problem] = [draws[index], outcome[index] ?? null];
      if (problem !== null || drawn === undefined || candidate instanceof Fault) return problem;
      return describeCreated(createdLicense(candidate, drawn));
    });
    return { status: 200, body: { results } };
  }),
];

/** Every member is named, also those that may be undefined. */
const wantedOf = (
  principal: Principal,
  body: z.output<NonNullable<typeof contract.createLicense.body>>,
): NewLicense => ({
  ...body,
  offline_seconds: body.offline_seconds,
  license_key: body.license_key,
  tenant_id: scopeOf(principal).tenantFor(body.tenant_id),
});

/** Validates one of several licences by itself. The paths of its faults begin with its place in the request. */
function candidateOf(principal: Principal, body: unknown, index: number): Candidate {
  try {
    return wantedOf(principal, parseOrInvalid(contract.createLicense.body, body));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.errors === undefined ? error : invalid(error.errors.map((fault) => within(fault, index)));
  }
}

const within = ({ path, message }: { readonly path: string; readonly message: string }, index: number) => ({
  path: path === '' ? `licenses.${index}` : `licenses.${index}.${path}`,
  message,
});

const describeCreated = ({ license, licenseId, licenseKey }: CreatedLicense) => ({
  ...describeLicense({ ...license, id: licenseId }),
  license_key: licenseKey,
});
