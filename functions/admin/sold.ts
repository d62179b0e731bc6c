import { Fault } from '#shared/model/errors.ts';
import { isVendor, type Principal } from '#shared/model/principal.ts';

/** What the owner and the admins of a tenant set on its licences themselves: how they use what they have bought. */
const CUSTOMERS_OWN: ReadonlySet<string> = new Set([
  'label',
  'pools',
  'queue',
  'on_second',
  'self_service',
  'hold_seconds',
  'users',
]);

/**
 * Everything else on a licence is what was sold, which changes by the vendor's word only.
 * @param change the request's body
 * @throws Fault `forbidden` naming the first member that the caller may not set
 */
export function requireSeller(principal: Principal, change: object): void {
  if (isVendor(principal)) return;
  const sold = Object.keys(change).find((member) => !CUSTOMERS_OWN.has(member));
  if (sold !== undefined) throw new Fault('forbidden', `Only the vendor changes \`${sold}\` of a licence.`);
}
