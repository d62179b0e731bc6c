import type { Fields, FieldValue } from '#shared/store/store.ts';

export interface Changes {
  readonly before: Fields;
  readonly after: Fields;
}

/** The members of a wish that differ from what there is, as they are and as they shall be; undefined is no wish. */
export function changesOf(current: Fields, wanted: Readonly<Record<string, FieldValue | undefined>>): Changes {
  const changed = Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined || JSON.stringify(value) === JSON.stringify(current[name])
      ? []
      : [{ name, before: current[name] ?? null, after: value }],
  );
  return {
    before: Object.fromEntries(changed.map(({ name, before }) => [name, before])),
    after: Object.fromEntries(changed.map(({ name, after }) => [name, after])),
  };
}
