import type { Failure } from '../../api/request-error.ts';
import type { LicenseDraft } from './draft.ts';

/** What each group of the licence's fields is given. */
export interface FieldsProps {
  readonly draft: LicenseDraft;
  readonly set: (change: Partial<LicenseDraft>) => void;
  readonly failure: Failure | undefined;
}
