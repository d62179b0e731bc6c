import { Fault } from '#shared/model/errors.ts';
import { type EndedSession, endedFields } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';

export async function readEnded(store: Pick<DocumentReader, 'get'>, handle: string): Promise<EndedSession | undefined> {
  const [document] = await store.get([paths.ended(handle)]);
  return document && endedFields.parse(document.fields);
}

export const sessionNotFound = () =>
  new Fault('session_not_found', 'The id was never issued, or has ended more than 90 days ago.');

export const sessionEnded = ({ reason }: Pick<EndedSession, 'reason'>) =>
  new Fault('session_ended', `The reason is "${reason}".`, { extra: { reason } });
