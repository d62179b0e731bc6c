import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const byId = { params: { license_id: SAMPLE.license_id } };
const key = {
  key: SAMPLE.key,
  label: 'Build farm',
  priority: 5,
  user_email: null,
  created_at: '2026-12-01T09:00:00.000Z',
  until: null,
};

export const licenseKeyExamples: Readonly<Record<string, Exchanges>> = {
  listLicenseKeys: {
    page: {
      ...byId,
      summary: 'The first page',
      query: { limit: '20' },
      status: 200,
      answer: [{ ...key, label: null, last_used_day: '2026-12-01' }],
    },
  },
  createLicenseKey: {
    another: {
      ...byId,
      summary: 'One more key, for the build farm',
      body: { label: 'Build farm', keep: true },
      status: 201,
      answer: { license_id: SAMPLE.license_id, ...key, license_key: SAMPLE.license_key, old_keys_until: null },
    },
    user: {
      ...byId,
      summary: 'A key of a user’s own',
      body: { label: 'Anna', user_email: 'anna@example.org', keep: true },
      status: 201,
      answer: {
        license_id: SAMPLE.license_id,
        ...key,
        label: 'Anna',
        user_email: 'anna@example.org',
        license_key: SAMPLE.license_key,
        old_keys_until: null,
      },
    },
    leaked: {
      ...byId,
      summary: 'The older keys work for another day',
      body: { label: 'Build farm', grace_seconds: 86_400 },
      status: 201,
      answer: {
        license_id: SAMPLE.license_id,
        ...key,
        license_key: SAMPLE.license_key,
        old_keys_until: '2026-12-02T09:00:00.000Z',
      },
    },
  },
  endLicenseKey: {
    end: {
      summary: 'With its sessions',
      params: { ...byId.params, key: SAMPLE.key },
      query: { end_sessions: 'true' },
      status: 204,
    },
  },
};
