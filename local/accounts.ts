import { type Caller, createCaller, type Grant } from './caller.ts';

/** The names of the things in one local Google Cloud project. */
export interface Project {
  readonly id: string;
  readonly signingKey: string;
  readonly payloadKey: string;
  readonly payloadBucket: string;
  readonly uploadBucket: string;
}

export function createProject(id: string): Project {
  const keyRing = `projects/${id}/locations/global/keyRings/countersign`;
  return {
    id,
    signingKey: `${keyRing}/cryptoKeys/license-signing`,
    payloadKey: `${keyRing}/cryptoKeys/task-payloads`,
    payloadBucket: `${id}-payloads`,
    uploadBucket: `${id}-uploads`,
  };
}

export const emailOf = (project: Project, account: string): string =>
  `${account}@${project.id}.iam.gserviceaccount.com`;

/** One service account a function, each with the rights that it has in production (terraform/) and no others. */
export function createAccounts(project: Project): Readonly<Record<string, Caller>> {
  const { signingKey } = project;
  const readKeys: Grant[] = [
    ['cloudkms.cryptoKeyVersions.list', signingKey],
    ['cloudkms.cryptoKeyVersions.viewPublicKey', signingKey],
  ];
  const grants: Readonly<Record<string, readonly Grant[]>> = {
    'license-signing': [...readKeys, ['cloudkms.cryptoKeyVersions.useToSign', signingKey]],
    seats: [...readKeys, ['cloudkms.cryptoKeyVersions.useToSign', signingKey]],
    'public-keys': readKeys,
    admin: [],
    /** Whoever works on the local machine. */
    administrator: [['*', '*']],
  };
  return Object.fromEntries(
    Object.entries(grants).map(([name, list]) => [name, createCaller(emailOf(project, name), list)]),
  );
}
