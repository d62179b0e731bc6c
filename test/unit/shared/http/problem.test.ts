import { describe, expect, it } from 'vitest';
import { PROBLEMS, toProblem } from '#shared/http/problem.ts';
import { Fault, type FaultCode } from '#shared/model/errors.ts';
import { readSources } from '../../../../scripts/sources.ts';

/** Written out once more, since clients depend on each of them. */
const statuses: Record<FaultCode, number> = {
  invalid_request: 400,
  unauthenticated: 401,
  no_seats_available: 402,
  queue_full: 402,
  no_borrow_available: 402,
  borrow_not_allowed: 403,
  borrow_too_long: 403,
  early_return_not_allowed: 409,
  session_borrowed: 409,
  recall_limit_reached: 409,
  forbidden: 403,
  license_expired: 403,
  license_suspended: 403,
  user_not_named: 403,
  self_service_off: 403,
  machine_limit_reached: 403,
  imported_keys_off: 403,
  billing_off: 403,
  not_found: 404,
  license_not_found: 404,
  session_not_found: 404,
  ticket_not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  seat_limit_exceeded: 409,
  key_in_use: 409,
  held_elsewhere: 409,
  session_ended: 410,
  payload_too_large: 413,
  unsupported_media_type: 415,
  envelope_invalid: 422,
  idempotency_conflict: 409,
  idempotency_in_progress: 409,
  task_ended: 409,
  rate_limited: 429,
  internal: 500,
  dependency_unavailable: 503,
  signing_unavailable: 503,
};
const codes = Object.keys(statuses).filter((name): name is FaultCode => name in PROBLEMS);

describe('toProblem', () => {
  it('knows every code', () => {
    expect(codes.length).toBe(Object.keys(statuses).length);
    expect(Object.keys(PROBLEMS).sort()).toEqual(Object.keys(statuses).sort());
  });

  it.each(codes)('%s', (code) => {
    const { status, headers, body } = toProblem(new Fault(code, 'What happened.'), 'request-1');
    expect(status).toBe(statuses[code]);
    expect(body).toEqual({
      type: `urn:countersign:problem:${code}`,
      title: PROBLEMS[code].title,
      status,
      detail: 'What happened.',
      code,
      request_id: 'request-1',
    });
    expect(headers).toEqual({
      'content-type': 'application/problem+json',
      ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
      ...(status === 429 || status === 503 ? { 'retry-after': '5' } : {}),
    });
  });

  it('lists the errors and carries the extra members', () => {
    const errors = [{ path: 'payload.a', message: 'is not an integer' }];
    const fault = new Fault('no_seats_available', 'Full.', { errors, extra: { seats_used: 10, seats_total: 10 } });
    expect(toProblem(fault, 'r').body).toMatchObject({ errors, seats_used: 10, seats_total: 10, status: 402 });
  });

  it.each([
    [0, '1'],
    [0.2, '1'],
    [-3, '1'],
    [7, '7'],
    [7.2, '8'],
  ])('rounds a retry after %d seconds up to %s', (retryAfter, header) => {
    expect(toProblem(new Fault('session_ended', 'x', { retryAfter }), 'r').headers['retry-after']).toBe(header);
    expect(toProblem(new Fault('rate_limited', 'x', { retryAfter }), 'r').headers['retry-after']).toBe(header);
  });

  it.each([
    [new Error('7 PERMISSION_DENIED on projects/p/secrets')],
    [Object.assign(new Error('7 PERMISSION_DENIED on projects/p/secrets'), { code: 'forbidden', status: 403 })],
    ['7 PERMISSION_DENIED on projects/p/secrets'],
    [undefined],
    [null],
  ])('tells nothing of what is not a Fault: %s', (error) => {
    const problem = toProblem(error, 'r');
    expect(problem.status).toBe(500);
    expect(problem.body['code']).toBe('internal');
    expect(JSON.stringify(problem)).not.toMatch(/PERMISSION|projects/);
  });

  it('tells nothing of a cause', () => {
    const fault = new Fault('signing_unavailable', 'Later.', { cause: new Error('projects/p: quota') });
    expect(JSON.stringify(toProblem(fault, 'r'))).not.toContain('quota');
  });
});

describe('a problem says nothing twice', () => {
  const FILLER = new Set([
    'a',
    'an',
    'are',
    'has',
    'is',
    'it',
    'no',
    'of',
    'such',
    'that',
    'the',
    'there',
    'this',
    'with',
  ]);
  const wordsOf = (text: string) =>
    new Set((text.toLowerCase().match(/[a-z_]+/g) ?? []).filter((word) => !FILLER.has(word)));
  /** Whether a reader of the title learns nothing that the detail does not say again. */
  const repeats = (title: string, detail: string) => [...wordsOf(title)].every((word) => wordsOf(detail).has(word));

  it('notices a repetition, whatever its wording', () => {
    expect(repeats('The licence has expired', 'The licence has expired.')).toBe(true);
    expect(repeats('No such licence', 'There is no licence with this key.')).toBe(true);
    expect(repeats('Not found', 'No route has this path.')).toBe(false);
  });

  it.each(codes)('%s, in the documentation', (code) => {
    const { title, example } = PROBLEMS[code];
    expect(repeats(title, example)).toBe(false);
  });

  /** Every Fault of the code whose detail is written where it is made. */
  const made = readSources(['{shared,functions}/**/*.ts']).flatMap(({ path, text }) =>
    [...text.matchAll(/new Fault\(\s*'(\w+)',\s*(['"`])(.*?)\2/g)].map(([, code = '', , detail = '']) => ({
      path,
      code,
      detail,
    })),
  );

  it('is checked for most faults', () => expect(made.length).toBeGreaterThan(50));

  it.each(made)('$code in $path: $detail', ({ code, detail }) => {
    const problem = Object.entries(PROBLEMS).find(([name]) => name === code)?.[1];
    expect(repeats(problem?.title ?? '', detail)).toBe(false);
  });
});
