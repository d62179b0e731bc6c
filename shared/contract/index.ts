import type { Route } from '../http/route.ts';
import * as admin from './admin.ts';
import * as audit from './audit.ts';
import * as billing from './billing.ts';
import * as borrows from './borrows.ts';
import * as console from './console.ts';
import * as denials from './denials.ts';
import * as digest from './digest.ts';
import * as docs from './docs.ts';
import * as events from './events.ts';
import * as health from './health.ts';
import * as holders from './holders.ts';
import * as keyRotation from './key-rotation.ts';
import * as licenseKeys from './license-keys.ts';
import * as licenseSigning from './license-signing.ts';
import * as members from './members.ts';
import * as namedUsers from './named-users.ts';
import * as people from './people.ts';
import * as portalSessions from './portal-sessions.ts';
import * as publicKeys from './public-keys.ts';
import * as queue from './queue.ts';
import * as seats from './seats.ts';
import * as sessionReaper from './session-reaper.ts';
import * as signedUrls from './signed-urls.ts';
import * as taskPayloads from './task-payloads.ts';
import * as tenants from './tenants.ts';
import * as uploadEvents from './upload-events.ts';
import * as webhooks from './webhooks.ts';

/** The whole API as data: the routes of each function. */
export const CONTRACT: Readonly<Record<string, readonly Route[]>> = {
  'license-signing': [licenseSigning.signLicense],
  seats: [
    seats.acquire,
    seats.borrow,
    seats.heartbeat,
    seats.release,
    holders.listHolders,
    holders.releaseHolder,
    queue.leaveQueue,
    borrows.borrowForMachine,
  ],
  'key-rotation': [keyRotation.rotateKeys],
  'session-reaper': [sessionReaper.reapSessions],
  'public-keys': [
    publicKeys.jwks,
    publicKeys.listKeys,
    publicKeys.getPem,
    publicKeys.signedKeyList,
    publicKeys.rootKeys,
    publicKeys.verifyLicense,
  ],
  'signed-urls': [signedUrls.signUrl, signedUrls.signUrls],
  'task-payloads': [taskPayloads.createTask, taskPayloads.getTask, taskPayloads.deleteTask, taskPayloads.runTask],
  admin: [
    tenants.createTenant,
    tenants.listTenants,
    tenants.getTenant,
    tenants.changeTenant,
    tenants.deleteTenant,
    members.listMembers,
    members.putMember,
    members.removeMember,
    members.invite,
    members.listInvitations,
    members.withdrawInvitation,
    members.acceptInvitation,
    members.getMe,
    admin.createLicense,
    admin.createLicenses,
    admin.listLicenses,
    admin.lookupLicense,
    admin.getLicense,
    admin.changeLicense,
    admin.archiveLicense,
    licenseKeys.listLicenseKeys,
    licenseKeys.createLicenseKey,
    licenseKeys.endLicenseKey,
    namedUsers.listNamedUsers,
    namedUsers.getNamedUser,
    namedUsers.putNamedUser,
    namedUsers.removeNamedUser,
    admin.listSessions,
    admin.endSession,
    queue.listQueue,
    queue.removeTicket,
    admin.getUsage,
    denials.listDenials,
    audit.listAudit,
    people.exportPerson,
    people.erasePerson,
    events.listEvents,
    digest.getDigest,
    webhooks.createWebhook,
    webhooks.listWebhooks,
    webhooks.getWebhook,
    webhooks.changeWebhook,
    webhooks.deleteWebhook,
    webhooks.rotateWebhookSecret,
    webhooks.testWebhook,
    webhooks.listDeliveries,
    webhooks.recoverWebhook,
    webhooks.redeliverEvent,
  ],
  billing: [billing.stripeWebhook],
  'webhook-delivery': [webhooks.dispatchWebhooks, webhooks.deliverWebhook],
  'upload-events': [uploadEvents.uploadCompleted],
  docs: [docs.openApi, docs.docsPage, docs.docsAsset],
  console: [
    console.frontPage,
    ...console.consolePages,
    console.portalPage,
    console.consoleAsset,
    console.signInWithProvider,
    console.signInCallback,
    console.consoleToken,
    console.signInWithPassword,
    console.signUp,
    console.finishSecondFactor,
    console.startEnrollment,
    console.finishEnrollment,
    console.resetPassword,
    console.verifyEmail,
    console.signOut,
    portalSessions.createPortalSession,
    portalSessions.exchangePortalSession,
    health.getHealth,
  ],
};
