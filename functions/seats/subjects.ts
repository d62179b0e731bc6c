import { LRUCache } from 'lru-cache';
import { readKey } from '#shared/model/key-record.ts';
import type { LeaseUnit } from '#shared/model/seat-rules.ts';
import { processHolderId, userId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { AcquireRequest, HolderRequest } from './acquire-request.ts';
import type { ReadKeys } from './key-standing.ts';
import { userNotProven } from './subject.ts';

/**
 * Which holder document a request concerns, before the licence is read together with it. It is a guess from what this
 * instance has read before, so that an acquire needs no round trip more; each attempt compares it with what it reads.
 */
export interface Subjects {
  /** Costs one read when seats are leased per user and a key was not seen here before; otherwise none. */
  resolve(licenseId: string, requests: readonly AcquireRequest[]): Promise<HolderRequest[]>;
  learn(licenseId: string, read: ReadKeys): void;
}

/** About 200 bytes each. */
const MAX_LICENSES = 20_000;
const MAX_KEYS = 20_000;

export function createSubjects(store: Pick<DocumentReader, 'get'>): Subjects {
  /** Only those that are leased otherwise than per machine. */
  const units = new LRUCache<string, LeaseUnit>({ maxSize: MAX_LICENSES, sizeCalculation: () => 1 });
  /** Whose a key is, by its hash; it never changes. An empty text: nobody's. */
  const users = new LRUCache<string, string>({ maxSize: MAX_KEYS, sizeCalculation: () => 1 });

  async function readUnseen(licenseId: string, requests: readonly AcquireRequest[]): Promise<void> {
    const unseen = [...new Set(requests.map(({ keyHash }) => keyHash))].filter((hash) => !users.has(hash));
    if (unseen.length === 0) return;
    const found = await store.get(unseen.map((hash) => paths.key(licenseId, hash)));
    for (const document of found) {
      if (document !== undefined) users.set(document.id, readKey(document).user_email ?? '');
    }
  }

  async function resolveUser(request: AcquireRequest): Promise<HolderRequest> {
    const own = users.get(request.keyHash) ?? '';
    const signedIn = own === '' ? ((await request.signIn?.()) ?? userNotProven()) : undefined;
    const email = own !== '' || signedIn === undefined || !('email' in signedIn) ? own : signedIn.email;
    if (email === '') return { ...request, holderId: request.machine, userEmail: null, signedIn };
    const client = { ...request.client, user_email: email };
    return { ...request, client, holderId: userId(request.key.licenseId, email), userEmail: email, signedIn };
  }

  return {
    async resolve(licenseId, requests) {
      const unit = units.get(licenseId) ?? 'machine';
      if (unit === 'user') {
        await readUnseen(licenseId, requests);
        return Promise.all(requests.map(resolveUser));
      }
      return requests.map((request) => {
        const { machine, processId } = request;
        const isProcess = unit === 'process' && processId !== undefined;
        const holderId = isProcess ? processHolderId(machine, processId) : machine;
        return { ...request, holderId, userEmail: null, signedIn: undefined };
      });
    },
    learn(licenseId, { license, keys }) {
      if (license === undefined) return;
      if (license.lease_per === 'machine') units.delete(licenseId);
      else units.set(licenseId, license.lease_per);
      if (license.lease_per !== 'user') return;
      for (const { hash, user_email } of keys.values()) users.set(hash, user_email ?? '');
    },
  };
}
