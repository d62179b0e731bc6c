import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createMovableClock } from '#local/clock.ts';
import { createControl } from '#local/control.ts';
import { createRecorder, STAND_INS } from '#local/recorder.ts';

async function startControl() {
  const recorder = createRecorder();
  const server = createControl(recorder, createMovableClock(), 'project').listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) });
    return { status: answer.status, text: await answer.text() };
  };
  return { recorder, post };
}

test('a fault of a service that does not exist is refused, and the services are named', async () => {
  const { recorder, post } = await startControl();
  for (const service of ['cloudkms', 'KMS', 'kms ', '', null, 1, '*', 'constructor']) {
    const { status, text } = await post('/faults', { service, method: '*', code: 'UNAVAILABLE' });
    expect({ service, status }).toEqual({ service, status: 400 });
    for (const known of STAND_INS) expect(text).toContain(known);
  }
  for (const known of STAND_INS) expect(await recorder.enter(known, 'Anything')).toBeUndefined();
});

test('the clock is not moved where no time can be written', async () => {
  const { post } = await startControl();
  for (const advance_seconds of [-1, 1e12, 1e300, '60', null]) {
    expect((await post('/clock', { advance_seconds })).status).toBe(400);
  }
  const { status, text } = await post('/clock', { advance_seconds: 60 });
  expect(status).toBe(200);
  expect(Math.abs(Date.parse(JSON.parse(text).now) - Date.now() - 60_000)).toBeLessThan(30_000);
});

test.each(STAND_INS)('a fault of %s hits its calls', async (service) => {
  const { recorder, post } = await startControl();
  expect(await post('/faults', { service, method: 'Call', code: 'UNAVAILABLE', times: 1 })).toMatchObject({
    status: 204,
  });
  expect(await recorder.enter(service, 'Call')).toEqual({ code: 'UNAVAILABLE', lost: false });
});
