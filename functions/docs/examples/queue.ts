import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const byId = { params: { license_id: SAMPLE.busy_license_id } };

export const queueExamples: Readonly<Record<string, Exchanges>> = {
  leaveQueue: {
    leave: {
      summary: 'Put the ticket id that acquire answered',
      body: { ticket_id: SAMPLE.ticket_id },
      status: 200,
      answer: { ticket_id: SAMPLE.ticket_id, left_at: '2026-12-01T09:31:00.000Z' },
    },
  },
  listQueue: {
    page: {
      ...byId,
      summary: 'The first page',
      query: { limit: '20' },
      status: 200,
      answer: [
        {
          ticket: SAMPLE.ticket,
          position: 1,
          priority: 5,
          machine: '5f0c1a9e',
          user_email: 'jo@example.org',
          hostname: 'build-7.example.org',
          platform: 'linux',
          since: '2026-12-01T09:30:00.000Z',
          wait_until: '2026-12-01T10:30:00.000Z',
        },
      ],
    },
  },
  removeTicket: {
    remove: {
      summary: 'By its handle',
      params: { ...byId.params, ticket: SAMPLE.ticket },
      status: 204,
    },
  },
};
