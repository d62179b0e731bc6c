/** What somebody is in the chosen tenant. */
export type Part = 'staff' | 'owner' | 'admin' | 'member' | 'guest' | 'portal';

const ALL: readonly Part[] = ['staff', 'owner', 'admin', 'member', 'guest'];

/**
 * Who sees and may press what, by the operation of the API that it calls. It hides what would be refused and grants
 * nothing: the API decides. A test holds it against the routes' own `access`.
 */
export const RIGHTS = {
  listLicenses: ALL,
  createLicense: ['staff'],
  changeLicense: ['staff', 'owner', 'admin'],
  archiveLicense: ['staff'],
  lookupLicense: ['staff'],
  listLicenseKeys: ['staff', 'owner', 'admin'],
  createLicenseKey: ['staff', 'owner', 'admin'],
  endLicenseKey: ['staff', 'owner', 'admin'],
  borrowForMachine: ['staff', 'owner', 'admin'],
  listNamedUsers: ['staff', 'owner', 'admin'],
  putNamedUser: ['staff', 'owner', 'admin'],
  removeNamedUser: ['staff', 'owner', 'admin'],
  listDenials: ['staff', 'owner', 'admin', 'member'],
  listSessions: ['staff', 'owner', 'admin', 'member', 'portal'],
  endSession: ['staff', 'owner', 'admin', 'portal'],
  listQueue: ['staff', 'owner', 'admin', 'member'],
  removeTicket: ['staff', 'owner', 'admin'],
  getUsage: [...ALL, 'portal'],
  listMembers: ['staff', 'owner', 'admin'],
  putMember: ['staff', 'owner'],
  removeMember: ['staff', 'owner'],
  invite: ['staff', 'owner'],
  listWebhooks: ['staff', 'owner', 'admin'],
  listEvents: ['staff', 'owner', 'admin'],
  listAudit: ['staff', 'owner'],
  createTenant: ['staff'],
  changeTenant: ['staff'],
  deleteTenant: ['staff'],
  getHealth: ['staff'],
} as const satisfies Readonly<Record<string, readonly Part[]>>;

export type Right = keyof typeof RIGHTS;
