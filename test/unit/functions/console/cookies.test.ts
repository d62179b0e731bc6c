import { expect, test } from 'vitest';
import { createCookies } from '#functions/console/cookies.ts';

const { session, state } = createCookies('https://licences.example.com');

test('over HTTPS the cookies belong to this host alone', () => {
  expect(session.set('value', 60.9)).toBe(
    '__Host-countersign-session=value; Max-Age=60; Path=/; HttpOnly; SameSite=Strict; Secure',
  );
  expect(state.set('value', 600)).toBe(
    '__Host-countersign-sign-in=value; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure',
  );
  expect(session.cleared).toBe('__Host-countersign-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict; Secure');
});

test('over plain HTTP they have the port in their names, and no Secure', () => {
  const local = createCookies('http://127.0.0.1:8080');
  expect(local.session.set('value', 1)).toBe(
    'countersign-session-8080=value; Max-Age=1; Path=/; HttpOnly; SameSite=Strict',
  );
});

test.each([
  [undefined, undefined],
  ['', undefined],
  ['other=1', undefined],
  ['__Host-countersign-session=a.b', 'a.b'],
  ['x=1;  __Host-countersign-session=a=b ; y=2', 'a=b'],
  ['x__Host-countersign-session=a', undefined],
])('of %j it reads %j', (header, value) => {
  expect(session.read(header)).toBe(value);
});
