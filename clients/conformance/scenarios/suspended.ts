import { expect } from 'vitest';
import { held, type Scenario, stateOf, types } from './scenario.ts';

/** A program that is stopped (SIGTSTP, SIGSTOP, a debugger, a frozen container) sends no heartbeat until it goes on. */
export const SUSPENDED: readonly Scenario[] = [
  {
    name: 'a program that was suspended beyond its lease asks again when it goes on, and holds a seat',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      process.kill(one.pid, 'SIGSTOP');
      server.end('reclaimed');
      process.kill(one.pid, 'SIGCONT');
      await server.until('acquire', 2);
      await server.until('heartbeat', server.of('heartbeat').length + 1);
      expect([await stateOf(one), types(one)]).toEqual(['held', ['held', 'held']]);
    },
  },
  {
    name: 'the seat of a suspended program goes to another machine, and it says so when it goes on',
    async play({ server, program, hold }) {
      const one = await program();
      held(await hold(one));
      process.kill(one.pid, 'SIGSTOP');
      server.end('reclaimed');
      held(await hold(await program(), { hardware_id: 'machine-2' }));
      process.kill(one.pid, 'SIGCONT');
      await one.event('lost', { reason: 'no_seats_available' });
      expect([await stateOf(one), server.live()]).toEqual(['lost', 1]);
    },
  },
];
