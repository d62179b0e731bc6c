import { parseArgs } from 'node:util';

export interface Settings {
  readonly email: string;
  readonly project: string;
  readonly database: string;
  /** Withdraws the second factor that is there, for somebody who has lost it. */
  readonly newFactor: boolean;
  /** Base URLs, up to the name of the API. */
  readonly identity: string;
  readonly firestore: string;
  /** Whether these are Google's, which want an access token. */
  readonly isGoogle: boolean;
}

export const USAGE = `usage: PROJECT=… scripts/first-staff.sh [--new-factor] EMAIL

Makes the user at Identity Platform, enrols a TOTP code as the second factor, writes users/{uid} with "staff", and
prints the link to set a password. What is done already is left alone, so it can be repeated at any point.

  --new-factor        withdraws the second factor that is enrolled, for somebody who has lost it
  PROJECT             the Google Cloud project
  FIRESTORE_DATABASE  default: (default)
  FIREBASE_AUTH_EMULATOR_HOST, FIRESTORE_EMULATOR_HOST
                      host:port of a local suite in place of Google`;

/** @throws TypeError with what is missing */
export function readSettings(args: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { 'new-factor': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const [email, ...others] = positionals;
  if (email === undefined || others.length > 0 || !/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(email)) {
    throw new TypeError('one EMAIL is needed');
  }
  const { PROJECT: project, FIRESTORE_DATABASE: database = '(default)' } = env;
  if (project === undefined || project === '') throw new TypeError('PROJECT is not set');
  const { FIREBASE_AUTH_EMULATOR_HOST: auth, FIRESTORE_EMULATOR_HOST: documents } = env;
  if ((auth === undefined) !== (documents === undefined)) {
    throw new TypeError('FIREBASE_AUTH_EMULATOR_HOST and FIRESTORE_EMULATOR_HOST go together');
  }
  return {
    email: email.toLowerCase(),
    project,
    database,
    newFactor: values['new-factor'],
    identity:
      auth === undefined ? 'https://identitytoolkit.googleapis.com' : `http://${auth}/identitytoolkit.googleapis.com`,
    firestore: documents === undefined ? 'https://firestore.googleapis.com' : `http://${documents}`,
    isGoogle: auth === undefined,
  };
}
