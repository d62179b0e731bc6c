import { normalEmail } from './email.ts';

/** Whom details or data name: the address of a member or an invited person, or a session's user. */
export function subjectOf({ email, user_email }: Readonly<Record<string, unknown>>): string | null {
  const found = email ?? user_email;
  return typeof found === 'string' ? normalEmail(found) : null;
}
