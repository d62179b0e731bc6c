import { cleanText } from '../text/clean.ts';
import { usageError } from './exit.ts';
import type { Terminal } from './terminal.ts';

/** The product that a licence must be for; also the salt of the hardware id, unless an application is named. */
export function productOf(given: string | undefined, { env }: Pick<Terminal, 'env'>): string {
  const product = cleanText(given ?? env['COUNTERSIGN_PRODUCT'] ?? '');
  if (product === '') throw usageError('Name --product, or set COUNTERSIGN_PRODUCT.');
  return product;
}
