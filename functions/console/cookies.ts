/** The cookies of the console, as this deployment names them. */
export interface ConsoleCookies {
  /** The session: seen by no script, sent by no other site. */
  readonly session: Cookie;
  /** Binds the way to the identity provider to the way back, which begins on another site: so it is Lax, and brief. */
  readonly state: Cookie;
}

export interface Cookie {
  /** @returns a value of `Set-Cookie` */
  set(value: string, maxAgeSeconds: number): string;
  /** @returns a value of `Set-Cookie` that deletes the cookie */
  readonly cleared: string;
  /** @param header the request's `Cookie`; undefined when it has no such cookie */
  read(header: string | undefined): string | undefined;
}

/**
 * `__Host-` holds a cookie to this one host over HTTPS (RFC 6265bis, section 4.1.3.2). Plain HTTP on loopback cannot
 * have that, and knows no ports: there the port is in the name.
 * @param origin where the console is served
 */
export function createCookies(origin: string): ConsoleCookies {
  const { protocol, port } = new URL(origin);
  const secure = protocol === 'https:';
  const name = (what: string) => (secure ? `__Host-countersign-${what}` : `countersign-${what}-${port || '80'}`);
  const attributes = (sameSite: 'Lax' | 'Strict') =>
    `Path=/; HttpOnly; SameSite=${sameSite}${secure ? '; Secure' : ''}`;
  return {
    session: cookie(name('session'), attributes('Strict')),
    state: cookie(name('sign-in'), attributes('Lax')),
  };
}

function cookie(name: string, attributes: string): Cookie {
  return {
    set: (value, maxAgeSeconds) => `${name}=${value}; Max-Age=${Math.floor(maxAgeSeconds)}; ${attributes}`,
    cleared: `${name}=; Max-Age=0; ${attributes}`,
    read: (header = '') =>
      header
        .split(';')
        .map((pair) => pair.trim())
        .find((pair) => pair.startsWith(`${name}=`))
        ?.slice(name.length + 1),
  };
}
