import { lookup } from 'node:dns/promises';
import type { ResolveName } from './endpoint-url.ts';

/** Asks the system's resolver, as a connection would. */
export const resolveName: ResolveName = async (name) => {
  const found = await lookup(name, { all: true, verbatim: true });
  return found.map(({ address }) => address);
};
