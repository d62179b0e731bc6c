import type { AccessTokens } from './access-token.ts';

export interface RunJobSettings {
  /** `projects/P/locations/L/jobs/J` */
  readonly job: string;
  /** Tokens of the account that may start the job; undefined for a stand-in, which has a listener for each account. */
  readonly tokens?: Pick<AccessTokens, 'current'> | undefined;
  /** Base URL of a stand-in; undefined for the service. */
  readonly endpoint?: string | undefined;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Base URL of Cloud Run's Admin API, v2. */
export const runUrl = ({ endpoint = 'https://run.googleapis.com' }: RunJobSettings): string => `${endpoint}/v2`;

/** @throws what the fetch of the token threw */
export async function authorization({ tokens }: RunJobSettings): Promise<Record<string, string>> {
  if (tokens === undefined) return {};
  const token = await tokens.current();
  return { authorization: `Bearer ${token.reveal()}` };
}
