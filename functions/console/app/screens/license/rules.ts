import type { License } from '../../api/types.ts';
import { T } from '../../texts.ts';
import { localDate } from '../../ui/local-time.ts';
import { hasEnded } from '../licenses/license-status.tsx';

const text = T.rules;

/** The settings as sentences: what they mean for the people who hold the seats. What is off is left out. */
export function rulesOf(license: License): string[] {
  const { expires_at, updates_until, lease_seconds, offline_seconds, release, borrow, queue, hold_seconds } = license;
  const { lease_per, on_second, named_users, self_service, machines_per_day, grace_seconds, starts, duration_seconds } =
    license;
  const sentences: (string | false | null)[] = [
    expires_at === null ? text.endless : (hasEnded(license) ? text.ended : text.endsOn)(localDate(expires_at)),
    starts !== null && duration_seconds !== null && text.starts(duration_seconds),
    grace_seconds !== null && grace_seconds > 0 && text.grace(grace_seconds),
    text.per[lease_per],
    lease_per === 'user' && text.second[on_second],
    lease_per === 'user' && named_users && text.named,
    text.crashed(lease_seconds),
    release === 'after_copy' ? text.afterCopy : text.atOnce,
    hold_seconds !== null && hold_seconds > 0 && text.hold(hold_seconds),
    offline_seconds === 0 ? text.strict : text.offline(offline_seconds),
    borrow !== null && text.borrow(borrow.max_seats, borrow.max_seconds, borrow.early_return),
    borrow !== null && borrow.max_recalls > 0 && text.recalls(borrow.max_recalls),
    queue !== null && text.queue(queue.max_length),
    self_service.holders !== 'none' && text.holders[self_service.holders],
    self_service.release !== 'none' && text.selfRelease[self_service.release],
    machines_per_day !== null && text.machines(machines_per_day),
    updates_until !== null && text.updates(localDate(updates_until)),
  ];
  return sentences.filter((one): one is string => typeof one === 'string');
}
