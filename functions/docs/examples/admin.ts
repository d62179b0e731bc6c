import type { Exchanges } from './example.ts';
import { SAMPLE } from './sample.ts';

const license = {
  license_id: SAMPLE.license_id,
  tenant_id: SAMPLE.tenant_id,
  product: 'default',
  tier: 'professional',
  status: 'active',
  max_seats: 10,
  expires_at: SAMPLE.expires_at,
  updates_until: null,
  label: 'Office in Berlin',
  reference: 'order-4711',
  metadata: { salesperson: 'Kim' },
  features: ['export', 'collaboration'],
  lease_seconds: 360,
  offline_seconds: 259_200,
  release: 'at_once',
  borrow: { max_seats: 3, max_seconds: 604_800, early_return: true, max_recalls: 2 },
  lease_per: 'machine',
  on_second: 'move',
  named_users: false,
  self_service: { holders: 'names', release: 'own' },
  queue: null,
  hold_seconds: null,
  machines_per_day: null,
  grace_seconds: null,
  starts: null,
  duration_seconds: null,
  started_at: null,
  created_at: '2026-12-01T09:00:00.000Z',
};

const session = {
  session: SAMPLE.session,
  machine: '5f0c1a9e',
  key: SAMPLE.key,
  user_email: 'jo@example.org',
  hostname: 'build-7.example.org',
  platform: 'linux',
  client_version: '4.2.0',
  acquired_at: '2026-12-01T09:30:00.000Z',
  last_heartbeat: '2026-12-01T09:32:00.000Z',
  expires_at: '2026-12-01T09:38:00.000Z',
};

const byId = { params: { license_id: SAMPLE.license_id } };

export const adminExamples: Readonly<Record<string, Exchanges>> = {
  createLicense: {
    floating: {
      summary: 'Ten floating seats',
      body: {
        tenant_id: SAMPLE.tenant_id,
        tier: 'professional',
        max_seats: 10,
        expires_at: SAMPLE.expires_at,
        label: 'Office in Berlin',
        reference: 'order-4711',
        metadata: { salesperson: 'Kim' },
        features: ['export', 'collaboration'],
      },
      status: 201,
      answer: { ...license, license_key: SAMPLE.license_key },
    },
  },
  createLicenses: {
    two: {
      summary: 'Two at once, of which one cannot be',
      body: {
        licenses: [
          {
            tenant_id: SAMPLE.tenant_id,
            tier: 'professional',
            max_seats: 10,
            expires_at: SAMPLE.expires_at,
            label: 'Office in Berlin',
            reference: 'order-4711',
            metadata: { salesperson: 'Kim' },
            features: ['export', 'collaboration'],
          },
          { tenant_id: 'nobody', tier: 'trial', max_seats: 1, expires_at: null },
        ],
      },
      status: 200,
      answer: {
        results: [
          { ...license, license_key: SAMPLE.license_key },
          {
            type: 'about:blank',
            title: 'Not found',
            status: 404,
            detail: 'There is no tenant with this id.',
            code: 'not_found',
            request_id: '3f0c6a52-8d1e-4b7a-9c25-6e1f0a9b4d83',
          },
        ],
      },
    },
  },
  listLicenses: { page: { summary: 'The first page', query: { limit: '20' }, status: 200, answer: [license] } },
  lookupLicense: {
    key: {
      summary: 'By a key that a customer quotes',
      body: { license_key: SAMPLE.license_key },
      status: 200,
      answer: license,
    },
  },
  getLicense: { license: { ...byId, summary: 'By its id', status: 200, answer: license } },
  changeLicense: {
    preview: {
      ...byId,
      summary: 'What fewer seats would end',
      query: { dry_run: 'true' },
      body: { max_seats: 1 },
      status: 200,
      answer: { would_end: [session], would_end_count: 1, seats_used: 2, seats_total: 1 },
    },
    grow: {
      ...byId,
      summary: 'More seats',
      body: { max_seats: 25 },
      status: 200,
      answer: { ...license, max_seats: 25 },
    },
    suspend: {
      ...byId,
      summary: 'End every session',
      body: { status: 'suspended' },
      status: 200,
      answer: { ...license, max_seats: 25, status: 'suspended' },
    },
  },
  archiveLicense: { end: { ...byId, summary: 'End it for good', status: 204 } },
  listSessions: {
    page: {
      ...byId,
      summary: 'The first page',
      query: { limit: '20' },
      status: 200,
      answer: [session],
    },
  },
  endSession: { end: { summary: 'By its handle', params: { session: SAMPLE.session }, status: 204 } },
  getUsage: {
    now: {
      ...byId,
      summary: 'One of ten seats in use',
      status: 200,
      answer: {
        seats_used: 1,
        seats_total: 10,
        utilization: 0.1,
        resolution: 'day',
        from: '2026-11-01T00:00:00.000Z',
        to: '2026-12-02T00:00:00.000Z',
        exact_from: '2026-11-01T00:00:00.000Z',
        peak: [{ at: '2026-12-01T00:00:00.000Z', seats: 1 }],
        seat_hours: [{ at: '2026-12-01T00:00:00.000Z', hours: 0.5 }],
        denials: [],
      },
    },
    hours: {
      ...byId,
      summary: 'The latest 24 hours, hour by hour',
      query: { resolution: 'hour' },
      status: 200,
      answer: {
        seats_used: 1,
        seats_total: 10,
        utilization: 0.1,
        resolution: 'hour',
        from: '2026-11-30T10:00:00.000Z',
        to: '2026-12-01T10:00:00.000Z',
        exact_from: '2026-11-30T10:00:00.000Z',
        peak: [{ at: '2026-12-01T09:00:00.000Z', seats: 1 }],
        seat_hours: [{ at: '2026-12-01T09:00:00.000Z', hours: 0.5 }],
        denials: [],
      },
    },
  },
};
