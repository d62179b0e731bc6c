import type { Exchanges } from './example.ts';
import { LICENSE_DATA, SAMPLE } from './sample.ts';

const machine = { license_key: SAMPLE.license_key, hardware_id: 'build-server-7', user_email: 'jo@example.org' };

const seat = {
  session_id: SAMPLE.session_id,
  expires_at: '2026-12-01T09:36:00.000Z',
  heartbeat_interval_seconds: 120,
  seats_used: 1,
  seats_total: 10,
};

export const seatExamples: Readonly<Record<string, Exchanges>> = {
  acquireSeat: {
    acquire: {
      summary: 'Take a seat; put your own licence key',
      body: machine,
      status: 201,
      answer: { ...seat, license_data: LICENSE_DATA },
    },
    again: {
      summary: 'The same machine asks again: the same session',
      body: machine,
      status: 200,
      answer: { ...seat, license_data: LICENSE_DATA },
    },
    jws: {
      summary: 'As a token for a JWT library',
      body: {
        ...machine,
        hostname: 'build-7.example.org',
        platform: 'linux',
        client_version: '4.2.0',
        token_format: 'jws',
      },
      status: 200,
      answer: { ...seat, license_token: SAMPLE.license_token },
    },
    wait: {
      summary: 'All seats are taken: wait in the queue, and ask again with the same request',
      body: { ...machine, license_key: SAMPLE.busy_license_key, queue: { max_wait_seconds: 1800 } },
      status: 202,
      answer: {
        ticket_id: SAMPLE.ticket_id,
        position: 2,
        position_exact: true,
        queue_length: 2,
        poll_after_seconds: 3,
        wait_until: '2026-12-01T10:00:00.000Z',
      },
    },
  },
  borrowSeat: {
    borrow: {
      summary: 'Borrow a seat for as long as the licence allows',
      body: { ...machine, hardware_id: 'laptop-7' },
      status: 201,
      answer: {
        ...seat,
        expires_at: '2026-12-08T09:30:00.000Z',
        borrowed_until: '2026-12-08T09:30:00.000Z',
        seats_borrowed: 1,
        borrow_max_seats: 3,
        license_data: { ...LICENSE_DATA, mode: 'borrowed', borrowed_until: '2026-12-08T09:30:00.000Z' },
      },
    },
  },
  borrowForMachine: {
    file: {
      summary: 'A licence file for a machine without a network',
      params: { license_id: SAMPLE.license_id },
      body: {
        request_code: 'HW-1ZJJ7-VWFGW-WEY3B-YAZ8N-JJFZM-RW114-81X6Y-10YCV-R6TC1-RQFSR-KXG1P-PS93',
        borrow_seconds: 604_800,
        label: 'laboratory, second floor',
        token_format: 'file',
      },
      status: 201,
      answer: {
        session: SAMPLE.session,
        license_file: '-----BEGIN COUNTERSIGN LICENSE-----\neyJsaWNlbnNlIjp7ImJv…\n-----END COUNTERSIGN LICENSE-----\n',
        expires_at: '2026-12-08T09:30:00.000Z',
        borrowed_until: '2026-12-08T09:30:00.000Z',
        seats_used: 3,
        seats_total: 10,
        seats_borrowed: 1,
        borrow_max_seats: 3,
      },
    },
  },
  heartbeat: {
    beat: {
      summary: 'Put the session id that acquire answered',
      body: { session_id: SAMPLE.session_id },
      status: 200,
      answer: {
        session_id: SAMPLE.session_id,
        last_heartbeat: '2026-12-01T09:32:00.000Z',
        next_heartbeat_seconds: 120,
        expires_at: '2026-12-01T09:38:00.000Z',
      },
    },
  },
  releaseSeat: {
    release: {
      summary: 'Put the session id that acquire answered',
      body: { session_id: SAMPLE.session_id },
      status: 200,
      answer: { session_id: SAMPLE.session_id, released_at: '2026-12-01T17:05:00.000Z', seats_used: 0 },
    },
  },
};
