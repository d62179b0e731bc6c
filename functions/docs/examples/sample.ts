/**
 * The values that examples share: those that only one installation, licence or session has. A reader puts his own in
 * their place, and so does the test that sends the examples.
 */
export const SAMPLE = {
  license_key: 'CS-7G3KQ-W9D2M-X4TNA-0VBHR-8EJ5C-YS1PZ-6FMQ2-D9XKT',
  license_id: 'lic_7g3kqw9d2mx4',
  /** Of a licence key, as administrators see it. */
  key: 'key_8w2c5t0vq9bxm4nd',
  session_id: 'lic_7g3kqw9d2mx4.q0X3vJr8mT5sYb2LhKd9Wc1NfAz7Ge4u',
  /** Of a session, as administrators see it. */
  session: 'u3VqTzX0bY8m4kHn2WfJcL9sRd7pEoGa1QiZx5Ky6Mw',
  /** A licence with a queue, whose seats are all taken, and a machine that waits for one. */
  busy_license_id: 'lic_2m8xkq4w9d3t',
  busy_license_key: 'CS-2M8XK-Q4W9D-3T7NA-0VBHR-8EJ5C-YS1PZ-6FMQ2-D9XKT',
  ticket_id: 'lic_2m8xkq4w9d3t.Yb2LhKd9Wc1NfAz7Ge4uq0X3vJr8mT5sPo6Ei8Rk2tZ',
  /** Of a ticket, as administrators see it. */
  ticket: '5f0c1a9e7b3d42688e6f0a9d4c2b7e135f0c1a9e7b3d42688e6f0a9d4c2b7e13',
  tenant_id: 'demo',
  /** A customer without a licence. */
  former_tenant_id: 'ten_4m8kq2w9d3xt',
  uid: 'V7cQe2RkZt',
  invitation_id: 'inv_5d0c1f7e3b9a42688e6f0a9d4c2b7e13',
  invitation_token: 'inv_5d0c1f7e3b9a42688e6f0a9d4c2b7e13.mZ0qX3vJr8T5sYb2LhKd9Wc1NfAz7Ge4uPo6Ei8Rk2t',
  /** Of a link to the portal. */
  portal_token: 'cpl_Zk1mV0cQk3bY8y5hJx2uTq9sLw7dPf4aRn6eGoIiXtM',
  key_version: 'license-signing.1',
  webhook_id: 'wh_5d0c1f7e3b9a42688e6f0a9d',
  event_id: '8204218299999-5d0c1f7e3b9a42688e6f0a9d',
  task_id: '3f0c6a52-8d1e-4b7a-9c25-6e1f0a9b4d83',
  /** Of the 684 characters that it has, a few. */
  signature: 'mN0xQ2vT…',
  /** A compact JWS, cut short. */
  license_token: 'eyJhbGciOiJSUzI1NiIsInR5cCI6ImxpY2Vuc2Urand0In0.eyJpc3Mi.QmF0',
  expires_at: '2031-12-31T23:59:59.000Z',
} as const;

const MODULUS = 'vY0mW3q…';

export const PEM = '-----BEGIN PUBLIC KEY-----\nMIICIjANBgkqhkiG9w0BAQEFAAOCAg8A…\n-----END PUBLIC KEY-----\n';

export const JWK = {
  kty: 'RSA',
  n: MODULUS,
  e: 'AQAB',
  kid: 'Zk1mV0cQk3bY8y5hJx2uTq9sLw7dPf4aRn6eGoIiXtM',
  use: 'sig',
  alg: 'RS256',
};

/** As `acquire` answers it. */
export const LICENSE_DATA = {
  kind: 'seat',
  product: 'default',
  mode: 'online',
  keys_sequence: 1795781700,
  license_key: SAMPLE.license_key,
  license_id: SAMPLE.license_id,
  session_id: SAMPLE.session_id,
  tenant_id: SAMPLE.tenant_id,
  tier: 'professional',
  features: ['export', 'collaboration'],
  max_seats: 10,
  hardware_id: 'build-server-7',
  user_email: 'jo@example.org',
  expires_at: SAMPLE.expires_at,
  offline_seconds: 259_200,
  valid_until: '2026-12-04T09:30:00.000Z',
  signed_at: '2026-12-01T09:30:00.000Z',
  key_version: SAMPLE.key_version,
  signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
  signature: SAMPLE.signature,
};
