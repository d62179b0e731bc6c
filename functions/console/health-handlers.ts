import { getHealth } from '#shared/contract/health.ts';
import type { BoundRoute } from '#shared/http/route.ts';
import { bind } from '#shared/http/validate.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Health } from './health.ts';

export const healthRoutes = (read: () => Promise<Health>): BoundRoute[] => [
  bind(getHealth, async () => {
    const { now, reaper, keyList, signatures, cloudProject } = await read();
    return {
      status: 200,
      body: {
        checked_at: formatTime(now),
        reaper: reaper && { ...reaper, ran_at: formatTime(reaper.ran_at) },
        key_list: keyList,
        signatures: signatures && {
          per_minute: signatures.perMinute,
          window_seconds: signatures.windowSeconds,
          available: signatures.available,
          taken: signatures.taken,
        },
        cloud_project: cloudProject,
      },
    };
  }),
];
