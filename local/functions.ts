import { admin } from '#functions/admin/index.ts';
import { licenseSigning } from '#functions/license-signing/index.ts';
import { publicKeys } from '#functions/public-keys/index.ts';
import { seats } from '#functions/seats/index.ts';
import type { Deployable } from '#shared/http/function.ts';

/** Everything that is deployed as an HTTP function. */
export const FUNCTIONS: readonly Deployable[] = [publicKeys, seats, licenseSigning, admin];
