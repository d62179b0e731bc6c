import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Environment } from '#shared/model/config.ts';

/** What `npm start` was asked for. */
export interface StartOptions {
  /** Of the gateway; 0 takes a free one. */
  readonly port: number;
  /** Where everything that the suite writes is kept. */
  readonly directory: string;
  /** A folder of bundles that `npm run build` has made, to run instead of the sources. */
  readonly bundles: string | undefined;
  /** A folder that keeps documents, objects and keys from run to run; without one everything is fresh. */
  readonly data: string | undefined;
  /** Program and arguments of the tasks, as a JSON array; without one, the demonstration's. */
  readonly workerCommand: string | undefined;
  /** Of a Stripe webhook endpoint; without one, the one that is known here. */
  readonly stripeSecret: string | undefined;
}

const DEFAULT_PORT = '8080';

/**
 * From the command line, else the environment. `npm_config_port` and `npm_config_data` are what npm makes of
 * `npm start --port 8081`, which is also what PowerShell leaves of `npm start -- --port 8081`.
 *
 * @param root the project's folder
 * @throws Error that names the argument or variable at fault
 */
export function readStartOptions(args: readonly string[], env: Environment, root: string): StartOptions {
  const { values } = parse(args);
  const port = values.port ?? given(env['npm_config_port']) ?? given(env['PORT']) ?? DEFAULT_PORT;
  const data = values.data ?? given(env['npm_config_data']);
  // npm runs scripts in the project's folder; a path is meant from where its user stands.
  const from = given(env['INIT_CWD']) ?? process.cwd();
  return {
    port: readPort(port),
    directory: resolve(given(env['LOCAL_DIRECTORY']) ?? join(root, '.local')),
    bundles: values.bundles ? join(root, 'dist') : undefined,
    data: data === undefined ? undefined : resolve(from, data),
    workerCommand: checkedCommand(given(env['WORKER_COMMAND'])),
    stripeSecret: given(env['STRIPE_WEBHOOK_SECRET']),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { port: { type: 'string' }, data: { type: 'string' }, bundles: { type: 'boolean' } },
    });
  } catch (error) {
    const [fault] = String(error instanceof Error ? error.message : error).split('. ');
    throw new Error(`${fault}. It takes --port NUMBER and --data FOLDER.`);
  }
}

/** A variable that is set to nothing is not set. */
const given = (value: string | undefined) => (value?.trim() ? value.trim() : undefined);

/** Checked here, or a mistake would be seen only in the log of the first task. */
function checkedCommand(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    const command: unknown = JSON.parse(text);
    if (Array.isArray(command) && command[0] && command.every((part) => typeof part === 'string')) return text;
  } catch {
    // It is no JSON.
  }
  throw new Error(`WORKER_COMMAND is ${text}, and must be a JSON array of strings: ["python3","task.py"]`);
}

function readPort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) {
    throw new Error(`The port is '${text}', which is no port: give a number from 1 to 65535, or 0 for any free one.`);
  }
  return port;
}
