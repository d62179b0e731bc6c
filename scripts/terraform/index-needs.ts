import type { Query } from '#shared/store/store.ts';

/** What a query needs: one composite index, or the automatic indexes of these fields. */
export type Need = { readonly composite: string } | { readonly singles: readonly string[] };

/** By the rules of Firestore's documentation, "Index types in Cloud Firestore". */
export function needOf({ collection, where, orderBy = [] }: Omit<Query, 'limit'>): Need {
  const group = collection.slice(collection.lastIndexOf('/') + 1);
  const equal = [...new Set(where.filter(([, op]) => op === '==').map(([field]) => field))].sort();
  const ranged = where.filter(([, op]) => op !== '==').map(([field]) => field);
  // A field with one value orders nothing; a range orders by its field whether it says so or not.
  const orders: (readonly [string, 'asc' | 'desc'])[] = orderBy.filter(([field]) => !equal.includes(field));
  for (const field of ranged) if (!orders.some(([ordered]) => ordered === field)) orders.push([field, 'asc']);
  // Every index ends with the name, in the direction of the field before it.
  const last = orders.at(-1);
  const before = orders.at(-2);
  if (last?.[0] === '__name__' && last[1] === (before?.[1] ?? 'asc')) orders.pop();
  const single = orders.length + equal.length === 1 && orders[0]?.[0] !== '__name__';
  if (orders.length === 0 || single) {
    return { singles: [...equal, ...orders.map(([field]) => field)].map((field) => `${group}.${field}`) };
  }
  const directed = orders.map(([field, to]) => `${field} ${to === 'asc' ? 'ASCENDING' : 'DESCENDING'}`);
  return { composite: `${group}: ${[...equal.map((field) => `${field} ASCENDING`), ...directed].join(', ')}` };
}
