import { expect, it } from 'vitest';
import { serveFunction } from './serve-function.ts';

const SECRET = 'q0X3vJr8mT5sYb2LhKd9Wc1NfAz7Ge4uP6iRo8wVtEs';

it.each(['.', '%2e', '%2E'])("leaves a session's secret behind %s out of the log", async (dot) => {
  const { call, lines } = await serveFunction();
  await call(`/api/v1/sessions/lic_7g3kqw9d2mx4${dot}${SECRET}/x`, { method: 'DELETE' });
  expect(lines.length).toBe(1);
  expect(lines.join()).toContain(`"requestUrl":"/api/v1/sessions/lic_7g3kqw9d2mx4${dot}…/x"`);
  expect(lines.join()).not.toContain(SECRET);
});
