import type { Clock } from '../model/clock.ts';
import { KEY_LIST_MAX_AGE } from '../model/config.ts';
import type { Logger } from '../model/logger.ts';
import type { DocumentReader } from '../store/store.ts';
import { createKeyDirectory, type KeyDirectory } from './directory.ts';
import type { KeyPeriods } from './lifecycle.ts';
import { readRoots } from './statements.ts';
import { readStatements } from './store.ts';

export interface OpenDirectoryOptions {
  /** The keys' own database; opened by the first read. */
  readonly store: () => Promise<Pick<DocumentReader, 'get'>>;
  /** The roots' public keys, one PEM block each, newest first. */
  readonly rootKeys: string;
  readonly periods: KeyPeriods;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The key directory over the list that key-rotation stores. @throws TypeError when there is no root key */
export function openKeyDirectory({ store, rootKeys, periods, clock, log }: OpenDirectoryOptions): KeyDirectory {
  return createKeyDirectory({
    read: async () => (await readStatements(await store())).list,
    roots: readRoots(rootKeys),
    clock,
    periods,
    maxAge: KEY_LIST_MAX_AGE,
    onAlert: ({ kind, ...facts }) => log.log('ALERT', kind, facts),
  });
}
