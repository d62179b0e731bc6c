import type { ListedLicense, Usage } from '../../api/types.ts';
import { getUsage } from '../../api/usage.ts';

/** A licence with its usage since yesterday began (UTC). */
export interface Report {
  readonly license: ListedLicense;
  readonly usage: Usage;
}

/** Licences that are looked up, a request each: the fullest, and as many of those that can be borrowed. */
const LOOKED_UP = 12;
const AT_ONCE = 4;
const DAY = 86_400_000;

export const isBorrowable = ({ borrow }: ListedLicense): boolean => borrow !== null;

const share = ({ seats_used = 0, max_seats }: ListedLicense) => seats_used / max_seats;

/** Those in which something may have to be done. */
export function lookedUp(licenses: readonly ListedLicense[]): ListedLicense[] {
  const fullest = [...licenses].sort((a, b) => share(b) - share(a));
  return [...new Set([...fullest.slice(0, LOOKED_UP), ...fullest.filter(isBorrowable).slice(0, LOOKED_UP)])];
}

export async function readReports(licenses: readonly ListedLicense[], signal: AbortSignal): Promise<Report[]> {
  const from = `${new Date(Date.now() - DAY).toISOString().slice(0, 10)}T00:00:00Z`;
  const reports: Report[] = [];
  for (let done = 0; done < licenses.length; done += AT_ONCE) {
    const some = licenses.slice(done, done + AT_ONCE).map(async (license) => ({
      license,
      usage: await getUsage(license.license_id, { resolution: 'day', from }, signal),
    }));
    reports.push(...(await Promise.all(some)));
  }
  return reports;
}
