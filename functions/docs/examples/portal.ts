import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

export const portalExamples: Readonly<Record<string, Exchanges>> = {
  createPortalSession: {
    link: {
      summary: 'For the holders of a licence',
      body: { license_id: SAMPLE.license_id, role: 'holder' },
      status: 201,
      answer: {
        url: `https://licensing.example.com/console/portal#${SAMPLE.portal_token}`,
        expires_at: '2026-12-01T09:45:00.000Z',
      },
    },
  },
  exchangePortalSession: {
    open: {
      summary: 'The token in the fragment of the link',
      body: { token: SAMPLE.portal_token },
      status: 200,
      answer: {
        access_token: 'cps_5bYq0X3vJr8mT2LhKd9Wc1NfAz7Ge4uZk1mV0cQk3bY',
        token_type: 'Bearer',
        expires_at: '2026-12-01T10:30:00.000Z',
        license: {
          license_id: SAMPLE.license_id,
          label: 'Build farm',
          tier: 'professional',
          status: 'active',
          max_seats: 10,
          expires_at: SAMPLE.expires_at,
        },
      },
    },
  },
};
