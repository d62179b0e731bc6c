import { rememberPlace } from '../../session/way-back.ts';
import { T } from '../../texts.ts';

const WAYS = { google: T.signIn.google, github: T.signIn.github } as const;

/** The ways to sign in that this deployment offers, as the page says: `google`, `github`, `password`. */
export const waysToSignIn = (): readonly string[] =>
  (document.querySelector<HTMLElement>('#app')?.dataset['providers'] ?? 'password').split(' ');

/** Plain links: the server sends the browser on to the provider. */
export const Providers = () => (
  <div class="stack tight">
    {Object.entries(WAYS)
      .filter(([way]) => waysToSignIn().includes(way))
      .map(([way, text]) => (
        <a key={way} class="button" href={`/console/sign-in/${way}`} onClick={rememberPlace}>
          {text}
        </a>
      ))}
  </div>
);
