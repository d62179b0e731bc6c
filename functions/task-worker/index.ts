import type * as z from 'zod';
import { ConfigError, readConfig } from '#shared/model/config.ts';
import { Fault, type FaultCode } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import { openPorts } from './adapters.ts';
import { takenOver } from './claim.ts';
import { runCommand } from './command.ts';
import { environmentForCommand, workerConfig } from './config.ts';
import { hardenProcess, memoryDumpOptions } from './hardening.ts';
import { executionIn, withPayload } from './payload.ts';
import { captureSignals, type Signals } from './signals.ts';

/** The worker's own exit statuses (sysexits.h), for when there is none of the command's. */
const EXIT: Partial<Readonly<Record<FaultCode, number>>> = {
  envelope_invalid: 65,
  not_found: 66,
  conflict: 75,
  dependency_unavailable: 75,
};
const EX_SOFTWARE = 70;
const EX_CONFIG = 78;

/** The command ended with a status that is not 0. */
class CommandFailed extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`the command ended with status ${status}`);
    this.name = 'CommandFailed';
    this.status = status;
  }
}

/**
 * One execution of the job: opens the payload of `TASK_ID`, runs the command with it, and deletes it if that succeeds.
 * @returns the exit status: the command's, or one of the worker's own
 */
export async function runWorker(env: NodeJS.ProcessEnv, log: Logger): Promise<number> {
  const revealing = memoryDumpOptions(process.execArgv, env['NODE_OPTIONS']);
  if (revealing.length > 0) {
    log.log('ERROR', 'memory_would_be_revealed', { options: revealing });
    return EX_CONFIG;
  }
  if (!hardenProcess()) log.log('WARNING', 'core_dumps_possible');
  const config = readOr(env, log);
  if (config === undefined) return EX_CONFIG;
  const signals = captureSignals();
  const ports = openPorts(config);
  const about = log.with({ task_id: config.TASK_ID });
  try {
    const run = (payload: Buffer, lost: AbortSignal) =>
      work({ config, env, input: payload, lost, signals, log: about });
    await withPayload(ports, config.TASK_ID, run, executionIn(env));
    about.log('INFO', 'task_done');
    return 0;
  } catch (error) {
    return reported(error, about);
  } finally {
    signals.stop();
    await ports.close();
  }
}

function readOr(env: NodeJS.ProcessEnv, log: Logger): z.output<typeof workerConfig> | undefined {
  try {
    return readConfig(workerConfig, env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    log.log('ERROR', 'bad_configuration', { error: error.message });
    return undefined;
  }
}

interface Work {
  readonly config: z.output<typeof workerConfig>;
  readonly env: NodeJS.ProcessEnv;
  readonly input: Buffer;
  /** Aborted when another execution has taken the task over. */
  readonly lost: AbortSignal;
  readonly signals: Signals;
  readonly log: Logger;
}

async function work({ config, env, input, lost, signals, log }: Work): Promise<void> {
  log.log('INFO', 'task_opened', { size: input.length });
  const status = await runCommand({
    command: config.WORKER_COMMAND,
    env: environmentForCommand(env, config.TASK_ID),
    input,
    deadline: config.WORKER_DEADLINE_SECONDS * 1000,
    stop: lost,
    signals,
  });
  if (lost.aborted) throw takenOver();
  if (status !== 0) throw new CommandFailed(status);
}

/** The payload is kept, whatever it was that went wrong. */
function reported(error: unknown, log: Logger): number {
  if (error instanceof CommandFailed) {
    log.log('ERROR', 'command_failed', { status: error.status });
    return error.status;
  }
  log.log('ERROR', 'task_failed', { error });
  return (error instanceof Fault ? EXIT[error.code] : undefined) ?? EX_SOFTWARE;
}
