import { expect } from 'vitest';
import type { Adapter, Answer } from '../adapter.ts';
import { refused, type ScriptedServer } from '../server.ts';

/** What a scenario plays with: one server, and as many programs of one machine as it starts. */
export interface Stage {
  readonly server: ScriptedServer;
  /** The folder in which the programs keep what they keep. */
  readonly storage: string;
  /** Another program of the same machine and storage. */
  program(): Promise<Adapter>;
  /** Asks for a seat, with the options that say no more than where and what for. */
  hold(program: Adapter, options?: Readonly<Record<string, unknown>>): Promise<Answer>;
}

/** What a client may not have yet. Everything else every client has. */
export type Feature = 'borrow' | 'queue' | 'users' | 'files';

export interface Scenario {
  readonly name: string;
  /** Played with the clients that have this. */
  readonly needs?: Feature;
  play(stage: Stage): Promise<void>;
}

export const KEY = 'CS-CNF0R-MANCE-00000-00000-00000-00000-00000-00000';
export const OPTIONS = { license_key: KEY, product: 'editor', hardware_id: 'machine-1', patience_ms: 0 };

export const held = (answer: Answer) => expect(answer).toMatchObject({ ok: true, state: 'held' });
export const refusedWith = (code: string, reason?: string) => (answer: Answer) =>
  expect(answer).toMatchObject({ ok: false, code, ...(reason === undefined ? {} : { reason }) });
export const stateOf = async (program: Adapter) => (await program.ask({ do: 'state' })).state;
export const acquires = (path: string) => path.endsWith('/acquire');
export const failing = () => refused(500, 'internal');
export const types = (program: Adapter) => program.events.map(({ type }) => type);

/** The server's word on a licence ends the attempt. */
export const denies = (code: string, status: number): Scenario => ({
  name: `acquire is refused: ${code}`,
  async play({ server, program, hold }) {
    server.state.fault = ({ path }) => (acquires(path) ? refused(status, code) : undefined);
    refusedWith(code)(await hold(await program()));
    expect(server.of('acquire')).toHaveLength(1);
  },
});
