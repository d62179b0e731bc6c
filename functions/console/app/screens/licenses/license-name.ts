import type { License } from '../../api/types.ts';

/** What people call a licence: its label, else its reference, else its id. */
export const licenseName = ({
  label,
  reference,
  license_id,
}: Pick<License, 'label' | 'reference' | 'license_id'>): string => label || reference || license_id;
