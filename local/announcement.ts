import { relative } from 'node:path';
import { isServed } from './landing-page.ts';
import type { Stack } from './stack.ts';

export interface Announced {
  readonly stack: Pick<Stack, 'gateway' | 'control' | 'storesIn'>;
  readonly licenseKey: string;
  readonly seats: number;
  readonly stackFile: string;
  readonly logFile: string;
  /** The folder that keeps the data, if any. */
  readonly data: string | undefined;
}

/** What a person does next: where everything is, one line each. Its last line says that requests succeed. */
export function announcement({ stack, licenseKey, seats, stackFile, logFile, data }: Announced): string[] {
  const { gateway, control, storesIn } = stack;
  const here = (file: string) => relative(process.cwd(), file) || file;
  const kept = data === undefined ? 'fresh with every start; npm start -- --data FOLDER keeps it' : `kept in ${data}`;
  const lines: readonly (readonly [string, string] | undefined)[] = [
    ['gateway', gateway],
    ['API page', `${gateway}/api/docs`],
    served('console', '/console', `${gateway}/console`),
    served('sign in', '/console', `${gateway}/console/sign-in/google   lists the demonstration's people: one click`),
    served(
      'root key',
      ROOT_KEYS,
      `export COUNTERSIGN_ROOT_KEY="$(curl -s ${gateway}${ROOT_KEYS})"   pins it for the client`,
    ),
    ['licence', `${licenseKey} (${seats} seats)`],
    ['tokens', `${here(stackFile)}, one for every kind of caller`],
    ['control', `${control} counts calls, makes them fail and moves the time`],
    ['log', here(logFile)],
    ['data', `${kept} (${storesIn})`],
  ];
  return [
    '',
    ...lines.filter((line) => line !== undefined).map(([name, text]) => `${name.padEnd(9)} ${text}`),
    '',
    'Ctrl-C stops it.',
    `countersign is ready on ${gateway}`,
  ];
}

const ROOT_KEYS = '/api/v1/root-keys.pem';

const served = (name: string, path: string, text: string) => (isServed(path) ? ([name, text] as const) : undefined);
