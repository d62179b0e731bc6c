import type { Suite } from './suite.ts';

let count = 0;

/** Somebody who has signed up and belongs to no tenant yet. */
export async function signUp({ stack }: Suite) {
  count += 1;
  const uid = `person-${count}`;
  const email = `${uid}@example.org`;
  return { uid, email, token: await stack.issuer.userToken({ uid, email }) };
}

export type Person = Awaited<ReturnType<typeof signUp>>;

export const membersOf = (tenant: string, uid?: string) =>
  `/api/v1/tenants/${tenant}/members${uid === undefined ? '' : `/${uid}`}`;

/** Invites a person by staff and accepts as that person. */
export async function join(suite: Suite, tenant: string, role: string, person?: Person): Promise<Person> {
  const joining = person ?? (await signUp(suite));
  const wanted = { email: joining.email, role };
  const { body } = await suite.post(`${membersOf(tenant)}/invitations`, wanted, 'staff');
  const accepted = await suite.post('/api/v1/invitations/accept', { token: body.token }, joining.token);
  if (accepted.status !== 200) throw new Error(`accepting answered ${accepted.status}: ${accepted.text}`);
  return joining;
}

export async function createTenant(suite: Suite): Promise<string> {
  const { body } = await suite.post('/api/v1/tenants', { name: 'Acme', tier: 'starter' }, 'staff');
  return body.tenant_id;
}
