import type { Accounts } from './accounts.ts';
import { IdentityError } from './identity-error.ts';
import type { Mail } from './mail.ts';
import type { Providers } from './providers.ts';

/** What a browser gets. */
export interface PageAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PagesOptions {
  readonly accounts: Accounts;
  readonly providers: Providers;
  readonly mail: Mail;
  /** Does what the link of a message is for. */
  readonly act: (method: 'update' | 'resetPassword', body: object) => unknown;
}

export const SIGN_IN_PAGE = '/emulator/auth';
const CHOSEN = '/emulator/auth/as';
const MAIL_PAGE = '/emulator/mail';
export const ACTION_PAGE = '/emulator/action';

/**
 * The pages that Google, GitHub and Identity Platform show in production: whom to sign in as, the messages that were
 * sent, and what their links do. Undefined for an address that is no page.
 */
export function createPages({ accounts, providers, mail, act }: PagesOptions) {
  const pages: Readonly<Record<string, (query: URLSearchParams) => PageAnswer | Promise<PageAnswer>>> = {
    [SIGN_IN_PAGE]: choose,
    [CHOSEN]: arrive,
    [MAIL_PAGE]: messages,
    [ACTION_PAGE]: follow,
  };

  function choose(query: URLSearchParams): PageAnswer {
    const state = query.get('state') ?? '';
    const visit = providers.visit(state);
    if (visit === undefined) return expired();
    const link = (uid: string) => `${CHOSEN}?${new URLSearchParams({ state, uid })}`;
    const people = accounts
      .all()
      .map(({ localId, email }) => `<li><a href="${text(link(localId))}">${text(email)}</a></li>`);
    return page(
      'Sign in as',
      `<p>This page stands in for ${visit.providerId === 'google.com' ? 'Google' : 'GitHub'}. Nobody here has a password.</p>
<ul>${people.join('\n')}</ul>
<form action="${CHOSEN}"><input type="hidden" name="state" value="${text(state)}">
<p><label>Somebody new <input type="email" name="email" required placeholder="name@example.org"></label>
<button>Sign up</button></p></form>
<p><a href="${text(`${visit.continueUri}?${new URLSearchParams({ state, error: 'access_denied' })}`)}">Cancel</a></p>`,
    );
  }

  function arrive(query: URLSearchParams): PageAnswer {
    const [state = '', uid, email = ''] = ['state', 'uid', 'email'].map((name) => query.get(name) ?? undefined);
    const known = uid === undefined ? accounts.findByEmail(email) : accounts.find(uid);
    if (known === undefined && !/^[^@\s]+@[^@\s]+$/.test(email)) return expired();
    const location = providers.arrive(state, known ?? accounts.add(undefined, email));
    return location === undefined ? expired() : { status: 302, headers: { location }, body: '' };
  }

  function messages(): PageAnswer {
    const list = mail
      .all()
      .map(
        ({ email, requestType, oobLink }) =>
          `<li>To ${text(email)}: <a href="${text(oobLink)}">${requestType === 'VERIFY_EMAIL' ? 'verify the address' : 'set a new password'}</a></li>`,
      );
    return page('Messages', list.length === 0 ? '<p>None was sent.</p>' : `<ul>${list.join('\n')}</ul>`);
  }

  async function follow(query: URLSearchParams): Promise<PageAnswer> {
    const oobCode = query.get('oobCode') ?? '';
    if (mail.peek(oobCode) === undefined) return expired();
    if (query.get('mode') === 'verifyEmail') {
      await act('update', { oobCode });
      return page('Verified', '<p>The address is verified. Go back to the console.</p>');
    }
    const newPassword = query.get('password');
    if (newPassword === null) {
      return page(
        'A new password',
        `<form><input type="hidden" name="oobCode" value="${text(oobCode)}">
<p><label>New password <input type="password" name="password" minlength="6" required></label> <button>Set it</button></p></form>`,
      );
    }
    await act('resetPassword', { oobCode, newPassword });
    return page('A new password', '<p>It is set. Go back to the console and sign in.</p>');
  }

  return async (path: string, query: URLSearchParams): Promise<PageAnswer | undefined> => {
    try {
      return await pages[path]?.(query);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      return page('This did not work', `<p>${text(error.message)}</p>`, error.status);
    }
  };
}

const expired = () => page('Too late', '<p>This link is not good any more. Go back and begin again.</p>', 400);

const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
};

const page = (title: string, body: string, status = 200): PageAnswer => ({
  status,
  headers: HEADERS,
  body: `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>body { font: 16px/1.6 system-ui, sans-serif; max-width: 30rem; margin: 3rem auto; padding: 0 1rem }</style>
<h1>${title}</h1>
${body}
</html>
`,
});

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '"': '&quot;', '<': '&lt;', '>': '&gt;' };

const text = (raw: string): string => raw.replaceAll(/[&"<>]/g, (one) => ENTITIES[one] ?? one);
