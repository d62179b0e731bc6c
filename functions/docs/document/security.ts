import type { Access } from '#shared/model/principal.ts';

/** The tokens that routes ask for. A licence key and a session id are credentials too, but they stand in the body. */
export const SECURITY_SCHEMES = {
  user: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A user’s or a staff member’s ID token from Identity Platform. It says who you are; what you may do is read with ' +
      'each request. Who belongs to several tenants names one in the header `Countersign-Tenant`.',
  },
  service: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A Google ID token of a service account that is on our list, made for our audience and with its email: ' +
      '`gcloud auth print-identity-token --audiences=… --include-email`, or from the metadata server with `format=full`.',
  },
  portal: {
    type: 'http',
    scheme: 'bearer',
    description: 'The token that the portal’s page got for its link: good for an hour and for one licence.',
  },
} as const;

type Scheme = keyof typeof SECURITY_SCHEMES;

const SCHEME_OF: Readonly<Record<Exclude<Access, 'anyone'>, Scheme>> = {
  'service:licenses': 'service',
  'service:sign': 'service',
  'service:tasks': 'service',
  'service:urls': 'service',
  'service:portal': 'service',
  scheduler: 'service',
  portal: 'portal',
  user: 'user',
  staff: 'user',
  owner: 'user',
  admin: 'user',
  member: 'user',
  guest: 'user',
};

/** OpenAPI's security requirement of a route: either of its schemes will do, none for what anyone may call. */
export function securityOf(access: readonly Access[]): Record<string, string[]>[] {
  const schemes = new Set(access.flatMap((one) => (one === 'anyone' ? [] : [SCHEME_OF[one]])));
  return [...schemes].map((scheme) => ({ [scheme]: [] }));
}

const callerOf = (access: Access) =>
  access === 'portal' ? 'the portal of the licence' : access.replace(/^service:(.*)$/, 'services with the scope `$1`');

/** Who may call, in a sentence for the reader. */
export function callersOf(access: readonly Access[], bodyMembers: readonly string[]): string {
  if (!access.includes('anyone')) return `For ${access.map(callerOf).join(', ')}.`;
  const credential = ['license_key', 'session_id'].find((name) => bodyMembers.includes(name));
  return credential === undefined ? 'For anyone.' : `No token: the \`${credential}\` in the body is the credential.`;
}
