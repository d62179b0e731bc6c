import type { Exchanges } from './example.ts';

export const healthExamples: Readonly<Record<string, Exchanges>> = {
  getHealth: {
    now: {
      summary: 'Everything on time',
      status: 200,
      answer: {
        checked_at: '2026-12-01T09:30:12.000Z',
        reaper: { ran_at: '2026-12-01T09:30:00.000Z', ended: 2, remaining: 0, late: false },
        key_list: {
          sequence: 1_795_781_700,
          issued_at: '2026-12-01T03:17:00.000Z',
          expires_at: '2026-12-31T03:17:00.000Z',
          late: false,
        },
        signatures: null,
        cloud_project: null,
      },
    },
  },
};
