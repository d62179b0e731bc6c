import { createServer, type IncomingMessage, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import type { MovableClock } from './clock.ts';
import { FAULT_CODES } from './fault-codes.ts';
import { type Fault, type Recorder, STAND_INS } from './recorder.ts';

const faultBody = z
  .strictObject({
    service: z.enum(STAND_INS),
    method: z.string().min(1),
    code: z.enum(FAULT_CODES).optional(),
    times: z.number().int().min(1).optional(),
    after: z.number().int().min(0).optional(),
    delay_ms: z.number().min(0).max(600_000).optional(),
    probability: z.number().min(0).max(1).optional(),
    lost: z.boolean().optional(),
  })
  .refine(({ code, delay_ms }) => code !== undefined || delay_ms !== undefined, 'needs a code or delay_ms');

/** Two centuries: beyond the year 9998 no time can be written, and a clock that went there would stay there. */
const LONGEST_ADVANCE = 200 * 366 * 86_400;
const clockBody = z.strictObject({ advance_seconds: z.number().min(0).max(LONGEST_ADVANCE) });

interface Reply {
  readonly status: number;
  readonly body?: unknown;
}

/**
 * The control API of the local Google Cloud: read call counts, inject faults, move the clock.
 * @param projectId identifies this running suite to another one in the same folder
 */
export function createControl(recorder: Recorder, clock: MovableClock, projectId: string): Server {
  const actions: Readonly<Record<string, (body: unknown) => Reply>> = {
    'GET ': () => ({ status: 200, body: { project_id: projectId, known: Object.keys(actions).slice(1) } }),
    'GET /calls': () => ({ status: 200, body: recorder.calls() }),
    'DELETE /calls': () => {
      recorder.forgetCalls();
      return { status: 204 };
    },
    'POST /faults': (body) => {
      recorder.inject(defined(faultBody.parse(body)));
      return { status: 204 };
    },
    'DELETE /faults': () => {
      recorder.forgetFaults();
      return { status: 204 };
    },
    'GET /clock': () => ({ status: 200, body: { now: new Date(clock.now()).toISOString() } }),
    'POST /clock': (body) => {
      clock.advance(clockBody.parse(body).advance_seconds);
      return { status: 200, body: { now: new Date(clock.now()).toISOString() } };
    },
  };

  async function reply(request: IncomingMessage): Promise<Reply> {
    const action = actions[`${request.method} ${(request.url ?? '').replace(/\/$/, '')}`];
    if (action === undefined)
      return { status: 404, body: { error: 'there is no such control', known: Object.keys(actions) } };
    try {
      return action(request.method === 'POST' ? JSON.parse(await text(request)) : undefined);
    } catch (error) {
      return { status: 400, body: { error: error instanceof z.ZodError ? error.issues : String(error) } };
    }
  }

  return createServer(async (request, response) => {
    const { status: code, body } = await reply(request);
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Without the members that are undefined. */
function defined(fault: z.output<typeof faultBody>): Fault {
  const { service, method, ...rest } = fault;
  const given: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).filter(([, value]) => value !== undefined),
  );
  return { service, method, ...given };
}
