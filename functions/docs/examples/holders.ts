import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const user = {
  email: 'anna@example.org',
  added_at: '2026-12-01T09:00:00.000Z',
  last_acquired_at: null,
};
const byEmail = { params: { license_id: SAMPLE.license_id, email: user.email } };

/** Who has a seat, who may have one, and what key holders do for themselves. */
export const holderExamples: Readonly<Record<string, Exchanges>> = {
  listHolders: {
    names: {
      summary: 'By name, where the licence offers it',
      body: { license_key: SAMPLE.license_key, hardware_id: 'build-server-7' },
      status: 200,
      answer: [
        {
          session: SAMPLE.session,
          hostname: 'pc-7.example.org',
          platform: 'linux',
          user_email: 'anna@example.org',
          acquired_at: '2026-12-01T09:12:00.000Z',
          last_heartbeat: '2026-12-01T09:32:00.000Z',
          you: false,
        },
      ],
    },
  },
  releaseHolder: {
    release: {
      summary: 'Free a seat that somebody has forgotten',
      body: { license_key: SAMPLE.license_key, session: SAMPLE.session },
      status: 200,
      answer: { session: SAMPLE.session, released_at: '2026-12-01T17:05:00.000Z', seats_used: 1 },
    },
  },
  listNamedUsers: {
    page: {
      summary: 'The first page',
      params: { license_id: SAMPLE.license_id },
      query: { limit: '20' },
      status: 200,
      answer: [user],
    },
  },
  getNamedUser: { user: { ...byEmail, summary: 'By address', status: 200, answer: user } },
  putNamedUser: { add: { ...byEmail, summary: 'Add one', status: 200, answer: user } },
  removeNamedUser: { remove: { ...byEmail, summary: 'Remove one, with the session', status: 204 } },
};
