import { BORROW } from './scenarios/borrow.ts';
import { FILES } from './scenarios/files.ts';
import { NO_ANSWER } from './scenarios/no-answer.ts';
import { OFFLINE } from './scenarios/offline.ts';
import { QUEUE } from './scenarios/queue.ts';
import type { Scenario } from './scenarios/scenario.ts';
import { SEATS } from './scenarios/seats.ts';
import { SUSPENDED } from './scenarios/suspended.ts';
import { TRUST } from './scenarios/trust.ts';
import { USERS } from './scenarios/users.ts';

/** Everything that clients of every language do alike. */
export const SCENARIOS: readonly Scenario[] = [
  ...SEATS,
  ...SUSPENDED,
  ...NO_ANSWER,
  ...TRUST,
  ...OFFLINE,
  ...BORROW,
  ...QUEUE,
  ...USERS,
  ...FILES,
];
