import type { Environment } from '#shared/model/config.ts';
import { emailOf, type Project } from './accounts.ts';

/** Where the parts of the local Google Cloud listen. */
export interface Places {
  readonly firestore: string;
  readonly kms: (email: string) => string;
  readonly userJwksUrl: string;
  readonly serviceJwksUrl: string;
}

/** The one audience of service tokens. */
export const AUDIENCE = 'https://countersign.example';

/** The environment of one function: the same variables as in production, with endpoints that are here. */
export function environmentOf(name: string, project: Project, places: Places): Environment {
  const email = emailOf(project, name);
  return {
    PROJECT_ID: project.id,
    SERVICE_AUDIENCE: AUDIENCE,
    SERVICE_ACCOUNTS: emailOf(project, 'backend'),
    SCHEDULER_ACCOUNTS: emailOf(project, 'scheduler'),
    USER_JWKS_URL: places.userJwksUrl,
    SERVICE_JWKS_URL: places.serviceJwksUrl,
    TOKEN_ISSUER: AUDIENCE,
    FIRESTORE_ENDPOINT: places.firestore,
    SIGNING_KEY: project.signingKey,
    KMS_ENDPOINT: places.kms(email),
  };
}
