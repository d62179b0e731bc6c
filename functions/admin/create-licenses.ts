import type { Actor } from '#shared/audit/actor.ts';
import { mapInParallel } from '#shared/concurrency/map-in-parallel.ts';
import type { NewLicense } from '#shared/licenses/new-license.ts';
import { Fault } from '#shared/model/errors.ts';
import type { CreateLicense, LicenseDraw } from './create-license.ts';

/** One of several licences to be created, or why it cannot be. */
export type Candidate = NewLicense | Fault;

/**
 * Creates several licences, each in a commit of its own.
 * @param draws one for each candidate; with the same draws nothing is created twice
 * @returns for each candidate, in order: undefined when its licence exists, or the fault
 */
export type CreateLicenses = (
  candidates: readonly Candidate[],
  draws: readonly LicenseDraw[],
  actor: Actor,
) => Promise<readonly (Fault | undefined)[]>;

/** Licences of different tenants; those of one tenant wait for each other. */
const PARALLEL = 8;

export const createCreateLicenses =
  (create: CreateLicense): CreateLicenses =>
  async (candidates, draws, actor) => {
    const pairs = candidates.map((candidate, index) => ({ candidate, draw: draws[index] }));
    return mapInParallel(pairs, PARALLEL, async ({ candidate, draw }) => {
      if (candidate instanceof Fault) return candidate;
      if (draw === undefined) throw new TypeError('every licence has a draw');
      try {
        await create(candidate, actor, { draw });
        return undefined;
      } catch (error) {
        if (error instanceof Fault) return error;
        throw error;
      }
    });
  };
