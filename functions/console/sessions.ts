import * as z from 'zod';
import type { Clock } from '#shared/model/clock.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';
import { queries } from './queries.ts';
import { createHandle, open, parseHandle, type SecretHandle, seal } from './sealed.ts';

/** Milliseconds. Nobody's session is longer; that of staff is shorter (`sign-in.ts`). */
const SESSION_LIFETIME = 12 * 3_600_000;
/** Identity Platform gives as long for the second step. */
const SECOND_STEP_LIFETIME = 5 * 60_000;
/** One commit deletes so many. */
const BATCH = 100;

const secret = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('signed_in'), refreshToken: z.string() }),
  z.object({
    kind: z.literal('second_factor'),
    pendingCredential: z.string(),
    factors: z.array(z.object({ id: z.string(), name: z.string().nullable() })),
  }),
]);

/** What only cookie and document together give. */
export type SessionSecret = z.output<typeof secret>;

const documentFields = z.object({
  /** Null until the second step. */
  uid: z.string().nullable(),
  sealed: z.string(),
  created_at: z.number(),
  expires_at: z.number(),
});

export interface Session {
  readonly handle: SecretHandle;
  readonly uid: string | null;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly secret: SessionSecret;
}

/** `console_sessions/{hash}`: who is signed in to the console. */
export interface Sessions {
  /**
   * Begins a session in place of another, if there is one: a cookie that was planted before the sign-in is worth
   * nothing after it.
   */
  begin(uid: string | null, secret: SessionSecret, instead?: SecretHandle): Promise<Session>;
  /** @returns undefined when there is no such session any more */
  find(cookie: string | undefined): Promise<Session | undefined>;
  /** Keeps a refresh token that Identity Platform has replaced. */
  renew(session: Session, secret: SessionSecret): Promise<void>;
  end(handle: SecretHandle): Promise<void>;
  endAllOf(uid: string): Promise<void>;
}

const pathOf = (documentId: string): string => `console_sessions/${documentId}`;

export function createSessions({ store, clock }: { readonly store: DocumentStore; readonly clock: Clock }): Sessions {
  const end = (handle: SecretHandle) => store.commit([deletion(handle.documentId)]);

  return {
    async begin(uid, contents, instead) {
      const handle = createHandle();
      const createdAt = clock.now();
      const expiresAt = createdAt + (contents.kind === 'signed_in' ? SESSION_LIFETIME : SECOND_STEP_LIFETIME);
      const session: Session = { handle, uid, createdAt, expiresAt, secret: contents };
      const create: Write = { op: 'create', path: pathOf(handle.documentId), ...documentOf(session) };
      await store.commit(instead === undefined ? [create] : [create, deletion(instead.documentId)]);
      return session;
    },

    async find(cookie) {
      const handle = parseHandle(cookie);
      if (handle === undefined) return undefined;
      const [document] = await store.get([pathOf(handle.documentId)]);
      if (document === undefined) return undefined;
      const { uid, sealed, created_at: createdAt, expires_at: expiresAt } = documentFields.parse(document.fields);
      const opened = open(handle, sealed);
      if (opened === undefined || clock.now() >= expiresAt) return undefined;
      return { handle, uid, createdAt, expiresAt, secret: secret.parse(JSON.parse(opened)) };
    },

    async renew(session, contents) {
      const { fields, deleteAfter } = documentOf({ ...session, secret: contents });
      try {
        await store.commit([{ op: 'update', path: pathOf(session.handle.documentId), fields, deleteAfter }]);
      } catch (error) {
        // Whoever signed out in the meantime stays signed out; the earlier token goes on otherwise.
        if (!(error instanceof CommitError)) throw error;
      }
    },

    end,

    async endAllOf(uid) {
      for (;;) {
        const found = await store.query(queries.ofPerson(uid, BATCH));
        if (found.length > 0) await store.commit(found.map(({ id }) => deletion(id)));
        if (found.length < BATCH) return;
      }
    },
  };
}

const deletion = (documentId: string): Write => ({ op: 'delete', path: pathOf(documentId) });

const documentOf = ({ handle, uid, createdAt, expiresAt, secret: contents }: Session) => ({
  fields: { uid, sealed: seal(handle, JSON.stringify(contents)), created_at: createdAt, expires_at: expiresAt },
  deleteAfter: expiresAt,
});
