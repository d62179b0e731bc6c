import type { Role } from '#shared/model/principal.ts';
import { emailOf } from './accounts.ts';
import { DEMO_TENANT, OTHER_TENANT, STAFF, userOf } from './people.ts';
import type { Stack } from './stack.ts';

export { DEMO_TENANT };

/** One token for every kind of caller. `worker` and `foreign_service` are valid accounts that are on no allow-list. */
export async function createTokens({ issuer, project }: Stack): Promise<Record<string, string>> {
  const user = (role: Role, tenant_id: string) => issuer.userToken(userOf(tenant_id, role));
  const service = (name: string) => issuer.serviceToken({ email: emailOf(project, name) });
  return {
    owner: await user('owner', DEMO_TENANT),
    admin: await user('admin', DEMO_TENANT),
    member: await user('member', DEMO_TENANT),
    guest: await user('guest', DEMO_TENANT),
    other_tenant_owner: await user('owner', OTHER_TENANT),
    staff: await issuer.userToken({ ...STAFF, secondFactor: true }),
    service: await service('backend'),
    scheduler: await service('scheduler'),
    worker: await service('task-worker'),
    foreign_service: await issuer.serviceToken({ email: 'robot@somebody-elses-project.iam.gserviceaccount.com' }),
  };
}

/** Who the members of the demo tenant are: the uid of each role. */
export const memberIds = (): Record<Role, string> => ({
  owner: userOf(DEMO_TENANT, 'owner').uid,
  admin: userOf(DEMO_TENANT, 'admin').uid,
  member: userOf(DEMO_TENANT, 'member').uid,
  guest: userOf(DEMO_TENANT, 'guest').uid,
});
