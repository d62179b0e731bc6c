import type { OobCode } from './messages.ts';
import { createOneTime } from './one-time.ts';

/** The codes that Identity Platform would send by mail; whoever runs the stand-in reads them. */
export interface Mail {
  send(code: OobCode): { readonly oobCode: string; readonly oobLink: string };
  /** @returns what the code was sent for; it can be used once. */
  use(oobCode: string): OobCode | undefined;
  peek(oobCode: string): OobCode | undefined;
  all(): readonly (OobCode & { readonly oobCode: string; readonly oobLink: string })[];
}

const LIFETIME = 24 * 3600 * 1000;
const MODES = { VERIFY_EMAIL: 'verifyEmail', PASSWORD_RESET: 'resetPassword' } as const;

/** @param page where the links lead, as the project's action URL does in production */
export function createMail(page: () => string): Mail {
  const codes = createOneTime<OobCode>(LIFETIME);
  const linkOf = (oobCode: string, { requestType }: OobCode) =>
    `${page()}?${new URLSearchParams({ mode: MODES[requestType], oobCode, lang: 'en' })}`;
  return {
    send(code) {
      const oobCode = codes.put(code);
      return { oobCode, oobLink: linkOf(oobCode, code) };
    },
    use: (oobCode) => codes.take(oobCode),
    peek: (oobCode) => codes.peek(oobCode),
    all: () => codes.all().map(([oobCode, code]) => ({ ...code, oobCode, oobLink: linkOf(oobCode, code) })),
  };
}
