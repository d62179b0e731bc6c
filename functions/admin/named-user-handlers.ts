import type * as z from 'zod';
import { actorOf } from '#shared/audit/actor.ts';
import * as contract from '#shared/contract/named-users.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime, formatTimeOrNull } from '#shared/license-format/time.ts';
import { normalEmail } from '#shared/model/email.ts';
import type { NamedUser } from '#shared/model/named-user.ts';
import { listResponse } from './list-response.ts';
import type { createNamedUsers } from './named-users.ts';
import { scopeOf } from './scope.ts';

export interface NamedUserDomain {
  readonly namedUsers: ReturnType<typeof createNamedUsers>;
}

export const namedUserRoutes = ({ namedUsers }: NamedUserDomain): BoundRoute[] => [
  bind(contract.listNamedUsers, async ({ params, query, principal }) => {
    const page = await namedUsers.list(scopeOf(principal), params.license_id, query);
    return listResponse(contract.listNamedUsers, { params, query }, page, describe);
  }),

  bind(contract.getNamedUser, async ({ params, principal }) => {
    const user = await namedUsers.get(scopeOf(principal), params.license_id, normalEmail(params.email));
    return { status: 200, body: describe(user) };
  }),

  bind(contract.putNamedUser, async (input) => {
    const { params, principal } = input;
    const email = normalEmail(params.email);
    const user = await namedUsers.put(scopeOf(principal), params.license_id, email, actorOf(input));
    return { status: 200, body: describe(user) };
  }),

  bind(contract.removeNamedUser, async (input) => {
    const { params, principal } = input;
    await namedUsers.remove(scopeOf(principal), params.license_id, normalEmail(params.email), actorOf(input));
    return { status: 204 };
  }),
];

const describe = ({ email, added_at, last_acquired_at }: NamedUser): z.output<typeof contract.namedUser> => ({
  email,
  added_at: formatTime(added_at),
  last_acquired_at: formatTimeOrNull(last_acquired_at),
});
