import { once } from 'node:events';
import { createServer } from 'node:http';
import { type ServiceTokenOptions, serviceClaims, type UserTokenOptions, userClaims } from './claims.ts';
import { createSigningKey } from './signing-key.ts';

const USER_JWKS = '/identity-platform/jwks';
const SERVICE_JWKS = '/google/jwks';

export interface IssuerOptions {
  readonly projectId: string;
  /** What service tokens are for unless they say otherwise. */
  readonly audience: string;
}

/** Identity Platform (users) and Google's OIDC (service accounts): tokens by call, their keys over HTTP. */
export interface Issuer {
  readonly userJwksUrl: string;
  readonly serviceJwksUrl: string;
  userToken(options: UserTokenOptions): Promise<string>;
  serviceToken(options: ServiceTokenOptions): Promise<string>;
  close(): Promise<void>;
}

/** Serves on loopback with two fresh keys, so a token of one kind never verifies as the other. */
export async function startIssuer({ projectId, audience }: IssuerOptions): Promise<Issuer> {
  const [users, services] = await Promise.all([createSigningKey(), createSigningKey()]);
  const jwks = new Map([
    [USER_JWKS, users.jwks],
    [SERVICE_JWKS, services.jwks],
  ]);
  const server = createServer((request, response) => {
    const found = request.method === 'GET' ? jwks.get(request.url ?? '') : undefined;
    if (found === undefined) {
      response.writeHead(404).end();
      return;
    }
    response
      .writeHead(200, { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'public, max-age=3600' })
      .end(JSON.stringify(found));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port');
  const base = `http://127.0.0.1:${address.port}`;
  return {
    userJwksUrl: `${base}${USER_JWKS}`,
    serviceJwksUrl: `${base}${SERVICE_JWKS}`,
    userToken: (options) => users.sign(userClaims(projectId, options)),
    serviceToken: (options) => services.sign(serviceClaims(audience, options)),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
