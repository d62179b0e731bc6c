import { randomBytes } from 'node:crypto';
import type { Clock } from '#shared/model/clock.ts';
import { parseContentRange } from './content-range.ts';
import { empty, type Reply } from './http.ts';
import type { Digests, Incoming } from './incoming.ts';
import type { StoredObject } from './model.ts';
import type { Objects, Upload } from './objects.ts';
import { StorageError } from './storage-error.ts';
import type { Store } from './store.ts';

/** Parts of an upload are kept in whole multiples of 256 KiB until the last one. */
const QUANTUM = 256 * 1024;
const LIFETIME_MS = 7 * 24 * 3600 * 1000;

export type Progress =
  | { readonly kind: 'incomplete'; readonly received: number }
  | { readonly kind: 'complete'; readonly object: StoredObject };

/** Resumable uploads, as both APIs have them: a session's id is all it takes to go on with it, for a week. */
export interface Sessions {
  /**
   * Refuses at once what could not succeed.
   * @param origin of the page that starts the session, or for which a server does
   * @returns the upload id
   */
  start(upload: Upload, origin?: string): string;
  /** The origin with which the session was started: the only one whose pages may go on with it. */
  originOf(id: string): string | undefined;
  /**
   * Takes the part that a Content-Range header names, or tells how far the upload is.
   *
   * @param expected checksums of the whole, sent along with the last part
   * @throws StorageError no_such_upload, gone, cancelled, invalid, and those of a failed upload, which end the session
   */
  put(
    id: string,
    contentRange: string | undefined,
    body: AsyncIterable<Buffer>,
    expected: Partial<Digests>,
  ): Promise<Progress>;
  cancel(id: string): Promise<never>;
}

interface Session {
  readonly upload: Upload;
  readonly incoming: Incoming;
  readonly startedAt: number;
  readonly origin: string | undefined;
  state: 'open' | 'cancelled' | StoredObject;
}

export function createSessions(store: Store, objects: Objects, clock: Clock): Sessions {
  const sessions = new Map<string, Session>();

  const find = (id: string) => {
    const session = sessions.get(id);
    if (session === undefined) throw new StorageError('no_such_upload');
    if (session.state === 'cancelled') throw new StorageError('cancelled');
    if (clock.now() - session.startedAt > LIFETIME_MS) throw new StorageError('gone');
    return session;
  };

  const drop = async (session: Session) => {
    session.state = 'cancelled';
    await session.incoming.discard();
  };

  const complete = async (session: Session, expected: Partial<Digests>): Promise<Progress> => {
    const { upload, incoming } = session;
    // Whatever the outcome, the bytes are spent: as an object, or refused.
    session.state = 'cancelled';
    const object = await objects.complete({ ...upload, expected: { ...upload.expected, ...expected } }, incoming);
    session.state = object;
    return { kind: 'complete', object };
  };

  return {
    start(upload, origin) {
      objects.announce(upload);
      const id = randomBytes(32).toString('base64url');
      sessions.set(id, { upload, incoming: store.receive(), startedAt: clock.now(), origin, state: 'open' });
      return id;
    },
    originOf: (id) => sessions.get(id)?.origin,
    async put(id, contentRange, body, expected) {
      const session = find(id);
      if (typeof session.state === 'object') return { kind: 'complete', object: session.state };
      const { incoming, upload } = session;
      const range = parseContentRange(contentRange);

      if (range.kind === 'data') {
        const { start, end, total } = range;
        if (start > incoming.size) throw new StorageError('invalid', tooFar(start, incoming.size));
        const last = end === undefined || end + 1 === total;
        const until = last ? {} : { until: Math.floor((end + 1) / QUANTUM) * QUANTUM };
        const max = upload.sizes === undefined ? {} : { max: upload.sizes.max };
        await incoming.append(body, { skip: incoming.size - start, ...until, ...max }).catch(async (error) => {
          // A line that broke leaves what came; an upload that grew too large is over.
          if (error instanceof StorageError) await drop(session);
          throw error;
        });
        if (last && total === undefined) return complete(session, expected);
      }
      if (range.total !== undefined && incoming.size > range.total) {
        throw new StorageError('invalid', 'Invalid request. More bytes were sent than Content-Range announced.');
      }
      if (range.total === incoming.size) return complete(session, expected);
      return { kind: 'incomplete', received: incoming.size };
    },
    async cancel(id) {
      const session = find(id);
      if (session.state === 'open') await drop(session);
      throw new StorageError('cancelled');
    },
  };
}

/** Whether a PUT to a session only asks how far it is. */
export const isQuery = (contentRange: string | undefined): boolean => contentRange?.startsWith('bytes */') ?? false;

export function incomplete({ received }: Extract<Progress, { kind: 'incomplete' }>): Reply {
  return empty(308, received === 0 ? {} : { range: `bytes=0-${received - 1}` });
}

const tooFar = (offset: number, size: number) =>
  `Invalid request. According to the Content-Range header, the upload offset is ${offset} byte(s), which exceeds already uploaded size of ${size} byte(s).`;
