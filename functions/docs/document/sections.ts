const INTERNAL = ['Internal', 'What Cloud Scheduler and other services of Google’s call.'] as const;

/** Title and description of each function in the document, in reading order. */
const SECTIONS: Readonly<Record<string, readonly [title: string, description: string]>> = {
  seats: ['Seats', 'Hold one of a licence’s seats: acquire, heartbeat, release.'],
  'license-signing': ['Licence signing', 'Sign data of your own with the licence key pair.'],
  'public-keys': ['Public keys', 'Check what was signed, with a key or by asking.'],
  'task-payloads': ['Task payloads', 'Seal the secrets of background tasks.'],
  'signed-urls': ['Signed URLs', 'Let clients upload and download without an account.'],
  billing: ['Billing', 'What Stripe calls: subscriptions become licences.'],
  admin: ['Administration', 'Tenants, members, licences, sessions, usage, audit, events and webhooks.'],
  docs: ['Documentation', 'This document.'],
  console: ['Console', 'The portal of one licence for customers without an account, and the suite’s health.'],
  'session-reaper': INTERNAL,
  'upload-events': INTERNAL,
  'key-rotation': INTERNAL,
  'webhook-delivery': INTERNAL,
};

export interface Section {
  readonly title: string;
  readonly description: string;
}

/** @throws TypeError for a function without a section */
export function sectionOf(name: string): Section {
  const section = SECTIONS[name];
  if (section === undefined) throw new TypeError(`the documentation has no section for ${name}`);
  return { title: section[0], description: section[1] };
}

/** The sections of functions, each once. */
export const sectionsOf = (names: readonly string[]): Section[] => [
  ...new Map(names.map(sectionOf).map((section) => [section.title, section])).values(),
];

/** The functions in the order of their sections. */
export function bySection(names: readonly string[]): string[] {
  const order = Object.keys(SECTIONS);
  return [...names].sort((a, b) => order.indexOf(a) - order.indexOf(b));
}
