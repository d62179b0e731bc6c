import type { DocumentReader } from '#shared/store/store.ts';

/** Which machines are counted on which day, and in how many slots. */
export interface Days {
  readonly slots: number;
  readonly machines: ReadonlyMap<string, ReadonlySet<string>>;
}

const ALL = 1_000;

export async function readDays(store: DocumentReader, licenseId: string): Promise<Days> {
  const all = (collection: string) =>
    store.query({ collection: `licenses/${licenseId}/${collection}`, where: [], limit: ALL });
  const [slots, counted] = await Promise.all([all('machine_slots'), all('machine_days')]);
  const machines = new Map<string, Set<string>>();
  for (const { id } of counted) {
    const [day = '', machine = ''] = id.split('.');
    machines.set(day, (machines.get(day) ?? new Set()).add(machine));
  }
  return { slots: slots.length, machines };
}

/** @param limit the machines that may take a seat on one day; null: any number */
export function brokenDays({ slots, machines }: Days, limit: number | null): string[] {
  const broken: string[] = [];
  const counted = [...machines.values()].reduce((sum, { size }) => sum + size, 0);
  if (counted !== slots) broken.push(`Q6: ${counted} machines in ${slots} slots`);
  for (const [day, { size }] of machines) {
    if (size > (limit ?? size)) broken.push(`Q6: ${size} machines on ${day}`);
  }
  return broken;
}
