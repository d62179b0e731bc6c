import type { StoredObject } from './model.ts';
import { StorageError } from './storage-error.ts';

const NAMES = [
  'ifGenerationMatch',
  'ifGenerationNotMatch',
  'ifMetagenerationMatch',
  'ifMetagenerationNotMatch',
] as const;

/** Preconditions of a request. Generation 0 stands for "no live object". */
export type Conditions = { readonly [name in (typeof NAMES)[number]]?: number };

/** @param value the text of a condition by its JSON name; the caller knows where its API puts it */
export function parseConditions(value: (name: string) => string | undefined): Conditions {
  const present = NAMES.flatMap((name): [string, number][] => {
    const text = value(name);
    if (text === undefined) return [];
    if (!/^\d{1,19}$/.test(text)) throw new StorageError('invalid', `Invalid value for ${name}: ${text}`);
    return [[name, Number(text)]];
  });
  return Object.fromEntries(present);
}

/**
 * Refuses with 412 what does not hold; for reads a `NotMatch` that matches is 304, since the caller has that version.
 *
 * @param object the live object, or undefined
 */
export function checkConditions(
  conditions: Conditions,
  object: StoredObject | undefined,
  purpose: 'read' | 'write',
): void {
  const generation = object?.generation ?? 0;
  const unmet =
    differs(conditions.ifGenerationMatch, generation) ||
    differs(conditions.ifMetagenerationMatch, object?.metageneration);
  if (unmet) throw new StorageError('condition_not_met');
  const known =
    conditions.ifGenerationNotMatch === generation ||
    (object !== undefined && conditions.ifMetagenerationNotMatch === object.metageneration);
  if (known) throw new StorageError(purpose === 'read' ? 'not_modified' : 'condition_not_met');
}

const differs = (wanted: number | undefined, actual: number | undefined) => wanted !== undefined && wanted !== actual;
