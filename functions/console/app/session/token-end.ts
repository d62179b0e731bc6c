/** The end of an ID token in milliseconds, as its `exp` says; the server checks the token, the page only renews it in time. */
export function endOfToken(token: string): number {
  const [, payload = ''] = token.split('.');
  try {
    const { exp } = JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof exp === 'number' ? exp * 1000 : 0;
  } catch {
    return 0;
  }
}
