import type { Fields, FieldValue } from '../store/store.ts';

export interface Changes {
  readonly before: Fields;
  readonly after: Fields;
}

/** The fields of an update that differ from the document, with their values before and after. Undefined is "no change". */
export function changesOf(current: Fields, update: Readonly<Record<string, FieldValue | undefined>>): Changes {
  const changed = Object.entries(update).flatMap(([name, value]) =>
    value === undefined || JSON.stringify(value) === JSON.stringify(current[name])
      ? []
      : [{ name, before: current[name] ?? null, after: value }],
  );
  return {
    before: Object.fromEntries(changed.map(({ name, before }) => [name, before])),
    after: Object.fromEntries(changed.map(({ name, after }) => [name, after])),
  };
}
