import { T } from '../../texts.ts';

/** Where the person was going, for after the provider's page; read once by `wayBack`. */
const WAY_BACK = 'way back';

const remember = () => sessionStorage.setItem(WAY_BACK, location.pathname + location.search);

/** @returns the screen that was asked for before the provider's page; undefined when there was none */
export function wayBack(): string | undefined {
  const path = sessionStorage.getItem(WAY_BACK);
  sessionStorage.removeItem(WAY_BACK);
  return path?.startsWith('/console') === true && !path.includes('sign_in=') ? path : undefined;
}

/** Plain links: the server sends the browser on to the provider. */
export const Providers = () => (
  <div class="stack tight">
    <a class="button" href="/console/sign-in/google" onClick={remember}>
      {T.signIn.google}
    </a>
    <a class="button" href="/console/sign-in/github" onClick={remember}>
      {T.signIn.github}
    </a>
  </div>
);
