import type { ListedLicense, Usage } from '../../api/types.ts';
import { getUsage } from '../../api/usage.ts';

/** A licence whose seats can be borrowed, with its usage. */
export interface Report {
  readonly license: ListedLicense;
  readonly usage: Usage;
}

/** Licences that the overview looks through; beyond them it says so. */
export const LOOKED_THROUGH = 100;
/** Licences whose usage is asked for, a request each. */
const LOOKED_UP = 12;
const AT_ONCE = 4;
const DAY = 86_400_000;

const share = ({ seats_used = 0, max_seats }: ListedLicense) => seats_used / max_seats;

/** Those of which a seat can be borrowed, the fullest first. */
export const borrowable = (licenses: readonly ListedLicense[]): ListedLicense[] =>
  licenses
    .filter(({ borrow }) => borrow !== null)
    .sort((a, b) => share(b) - share(a))
    .slice(0, LOOKED_UP);

/** Its beginning (UTC). */
export const yesterday = (): string => `${new Date(Date.now() - DAY).toISOString().slice(0, 10)}T00:00:00Z`;

export async function readReports(licenses: readonly ListedLicense[], signal: AbortSignal): Promise<Report[]> {
  const reports: Report[] = [];
  for (let done = 0; done < licenses.length; done += AT_ONCE) {
    const some = licenses.slice(done, done + AT_ONCE).map(async (license) => ({
      license,
      usage: await getUsage(license.license_id, { resolution: 'day', from: yesterday() }, signal),
    }));
    reports.push(...(await Promise.all(some)));
  }
  return reports;
}
