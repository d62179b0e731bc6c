import { normalEmail } from '#shared/model/email.ts';
import type { ClientDetails } from './acquire-request.ts';

/** What a session's document says of its client; `user` is what an address is found by, however it is spelled. */
export const clientFields = (client: ClientDetails) => ({
  ...client,
  user: client.user_email === null ? null : normalEmail(client.user_email),
});
