/**
 * Who is calling a stand-in. A gRPC connection without TLS carries no credentials, so every service account has a
 * listener of its own and the listener is the identity.
 */
export interface Caller {
  readonly email: string;
  /**
   * @param permission as IAM names it, e.g. `cloudkms.cryptoKeyVersions.useToSign`
   * @param resource the full resource name, e.g. `projects/p/locations/l/keyRings/r/cryptoKeys/k`
   */
  may(permission: string, resource: string): boolean;
}

/** A permission on one resource and everything below it; the resource `*` is all of them. */
export type Grant = readonly [permission: string, resource: string];

export function createCaller(email: string, grants: readonly Grant[]): Caller {
  const covers = (granted: string, resource: string) =>
    granted === '*' || resource === granted || resource.startsWith(`${granted}/`);
  return {
    email,
    may: (permission, resource) =>
      grants.some(([name, on]) => (name === permission || name === '*') && covers(on, resource)),
  };
}
