import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startFunctionProcess } from './function-process.ts';
import type { Suite } from './suite.ts';

export const IN_FLIGHT = 200;

export interface ShutdownRound {
  readonly exit: number | NodeJS.Signals | null;
  /** Acquires that were answered with 201. */
  readonly granted: number;
  /** Acquires that a busy machine's KMS had no time for, and that were told so and when to come again (503). */
  readonly deferred: number;
  /** How many answers said `Connection: close`. */
  readonly closing: number;
  /** Milliseconds from the signal to the end of the process. */
  readonly took: number;
  readonly pipelined: string;
}

/**
 * Ends a process of seats by SIGTERM while 200 acquires wait for their signatures, an idle connection is kept alive, one
 * client has sent half a body and another pipelines.
 */
export async function shutDownUnderLoad(suite: Suite): Promise<ShutdownRound> {
  const { license_key } = await suite.license(IN_FLIGHT + 2);
  const seats = await startFunctionProcess(suite.stack, 'seats');
  const { recorder } = suite.stack;
  const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });
  const path = '/api/v1/licenses/acquire';
  let sentWhole = 0;
  const acquire = (hardware_id: string) =>
    new Promise<{ status: number; connection: string | undefined }>((resolve) => {
      const body = JSON.stringify({ license_key, hardware_id });
      const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      const sent = request(
        { host: '127.0.0.1', port: seats.port, method: 'POST', path, headers, agent },
        (response) => {
          response.resume();
          response.once('end', () =>
            resolve({ status: response.statusCode ?? 0, connection: response.headers.connection }),
          );
          response.once('error', () => resolve({ status: 0, connection: undefined }));
        },
      );
      sent.once('finish', () => {
        sentWhole += 1;
      });
      sent.once('error', () => resolve({ status: 0, connection: undefined }));
      sent.end(body);
    });
  await acquire('idle'); // leaves a connection that is kept alive

  sentWhole = 0;
  recorder.forgetCalls();
  recorder.inject({ service: 'kms', method: 'AsymmetricSign', delay_ms: 700 });
  const half = connect(seats.port, '127.0.0.1').on('error', () => undefined);
  half.write(`POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"lic`);
  const pipelining = connect(seats.port, '127.0.0.1').on('error', () => undefined);
  const body = JSON.stringify({ license_key, hardware_id: 'pipelining' });
  const head = `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  let pipelined = '';
  pipelining.on('data', (chunk) => {
    pipelined += chunk;
  });
  const piped = once(pipelining, 'close');
  pipelining.write(`${head}${body}GET /health HTTP/1.1\r\nhost: h\r\n\r\n`);
  const acquires = Array.from({ length: IN_FLIGHT }, (_, index) => acquire(`machine-${index}`));
  // All have been sent, and of those that were read first, 64 a group at a time, the signatures are asked for.
  while (sentWhole < IN_FLIGHT || (recorder.calls()['kms.AsymmetricSign'] ?? 0) < 64) await sleep(10);

  const begun = performance.now();
  const exiting = seats.stop('SIGTERM');
  const answers = await Promise.all(acquires);
  await piped;
  const exit = await exiting;
  const took = performance.now() - begun;
  half.destroy();
  agent.destroy();
  recorder.forgetFaults();
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length;
  return {
    exit,
    granted: count(201),
    deferred: count(503),
    took,
    closing: answers.filter(({ connection }) => connection === 'close').length,
    pipelined,
  };
}
