import { kept } from './kept.ts';

const KEPT = 'way back';

/** Before the way over an identity provider's page: where the person was going. */
export const rememberPlace = (): void => kept.set(KEPT, location.pathname + location.search + location.hash);

/** After it: to that place, once. It is a path of the console, never another site's address. */
export function goBack(): void {
  const path = kept.get(KEPT);
  kept.remove(KEPT);
  if (path === undefined || !/^\/console(\/|#|\?|$)/.test(path) || path.includes('sign_in=')) return;
  replaceAddress(path);
}

/** Shows another screen in place of this one, from outside of the components. */
export function replaceAddress(path: string): void {
  history.replaceState(null, '', path);
  // The router reads the address when it hears that it has changed.
  dispatchEvent(new PopStateEvent('popstate'));
}
