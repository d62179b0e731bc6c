import { PROBLEMS, toProblem } from '#shared/http/problem.ts';
import { Fault, type FaultCode } from '#shared/model/errors.ts';
import type { JsonSchema } from './schema.ts';

/** RFC 9457 with our additions. */
export const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'RFC 9457. `code` is stable, and what a program looks at; `detail` is for people.',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string' },
    request_id: { type: 'string' },
    errors: {
      type: 'array',
      description: 'for `invalid_request`: everything that is wrong, and where',
      items: {
        type: 'object',
        properties: { path: { type: 'string' }, message: { type: 'string' } },
        required: ['path', 'message'],
      },
    },
    seats_used: { type: 'integer', description: 'for `no_seats_available`' },
    seats_total: { type: 'integer', description: 'for `no_seats_available`' },
    reason: { type: 'string', description: 'for `session_ended`' },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'request_id'],
};

/** Examples of the members that only some codes have. */
const EXTRAS: Partial<Record<FaultCode, object>> = {
  invalid_request: { errors: [{ path: 'hardware_id', message: 'is missing' }] },
  no_seats_available: { seats_used: 10, seats_total: 10 },
  session_ended: { reason: 'expired' },
};

export const HEADERS = {
  'X-Request-Id': {
    description: 'Yours, if you sent one of up to 128 characters from A-Z a-z 0-9 . _ : -',
    schema: { type: 'string' },
  },
  Link: {
    description: 'RFC 8288: the next page, with `rel="next"`, unless this is the last',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait before trying again', schema: { type: 'integer' } },
  'RateLimit-Limit': { description: 'Requests an hour', schema: { type: 'integer' } },
  'RateLimit-Remaining': { description: 'What is left of them', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until they are renewed', schema: { type: 'integer' } },
};

/** One example a code, made by the same function as the responses. */
export const problemExamples = (codes: Iterable<FaultCode>): Record<string, object> =>
  Object.fromEntries(
    [...codes].map((code) => {
      const { title, example } = PROBLEMS[code];
      const { body } = toProblem(new Fault(code, example), '0b9e7c1c-52a3-4b0e-9a37-2f5d8e6c4a10');
      return [code, { summary: title, value: { ...body, ...EXTRAS[code] } }];
    }),
  );
