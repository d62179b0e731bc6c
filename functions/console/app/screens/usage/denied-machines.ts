import type { Denial } from '../../api/types.ts';

/** What one machine was refused for one reason in the whole range. */
export interface DeniedMachine extends Pick<Denial, 'machine' | 'reason'> {
  /** Of the latest hour. */
  readonly latest: Denial;
  readonly count: number;
  /** RFC 3339. The first is the beginning of an hour, unless there is only one hour. */
  readonly first: string;
  readonly last: string;
}

/** The latest first. @param denials by hour, the newest first, as the API lists them */
export function deniedMachines(denials: readonly Denial[]): DeniedMachine[] {
  const groups = Map.groupBy(denials, ({ machine, reason }) => `${machine} ${reason}`);
  return [...groups.values()]
    .flatMap((group): DeniedMachine[] => {
      const latest = group[0];
      const oldest = group.at(-1);
      if (latest === undefined || oldest === undefined) return [];
      return [
        {
          latest,
          machine: latest.machine,
          reason: latest.reason,
          count: group.reduce((sum, { count }) => sum + count, 0),
          first: latest === oldest && latest.count === 1 ? latest.last_at : oldest.hour,
          last: latest.last_at,
        },
      ];
    })
    .sort((a, b) => (a.last < b.last ? 1 : -1));
}
