import * as contract from '#shared/contract/holders.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import type { ResolveKey } from '#shared/imported-keys/resolve-key.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { machineId } from '#shared/model/session-id.ts';
import { licenseNotFound } from './eligibility.ts';
import { describeHolder, type ListHolders, type PresentedKey } from './holders.ts';
import type { SelfRelease } from './self-release.ts';

export interface HolderDomain {
  readonly resolveKey: ResolveKey;
  readonly listHolders: ListHolders;
  readonly selfRelease: SelfRelease;
}

/** What whoever has a licence key may do for himself, as far as the licence offers it. */
export const holderRoutes = ({ resolveKey, listHolders, selfRelease }: HolderDomain): BoundRoute[] => [
  bind(contract.listHolders, async ({ body }) => {
    const key = await resolvePresented(resolveKey, body.license_key);
    const holders = await listHolders(key);
    if (holders.kind === 'count') {
      return { status: 200, body: { seats_used: holders.seatsUsed, seats_total: holders.seatsTotal } };
    }
    const machine = body.hardware_id === undefined ? undefined : machineId(key.licenseId, body.hardware_id);
    return { status: 200, body: holders.sessions.map((session) => describeHolder(session, machine)) };
  }),

  bind(contract.releaseHolder, async ({ body, clientIp, requestId }) => {
    const key = await resolvePresented(resolveKey, body.license_key);
    const origin = { ip: clientIp, request_id: requestId };
    const { releasedAt, seatsUsed } = await selfRelease(key, body.session, origin);
    return {
      status: 200,
      body: { session: body.session, released_at: formatTime(releasedAt), seats_used: seatsUsed },
    };
  }),
];

async function resolvePresented(resolveKey: ResolveKey, text: string): Promise<PresentedKey> {
  const presented = await resolveKey(text);
  if (presented === undefined) throw licenseNotFound();
  return { licenseId: presented.key.licenseId, hash: presented.hash };
}
