import { part } from './place.ts';
import { type Part, RIGHTS, type Right } from './rights-table.ts';

export const may = (right: Right): boolean => {
  const as = part.value;
  return as !== undefined && (RIGHTS[right] as readonly Part[]).includes(as);
};

/** What was sold changes by the vendor's word only. */
export const isVendor = (): boolean => part.value === 'staff';
