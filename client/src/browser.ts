import { browserPlatform } from './platform/browser.ts';
import { holdSeatOn } from './seat/hold.ts';
import type { HoldOptions } from './seat/options.ts';
import type { Seat } from './seat/seat.ts';

export * from './index.ts';

/**
 * Takes a seat and keeps it while the page is open; leaving the page gives it back.
 * @throws TypeError for options that cannot be meant; SeatError, by its `code`, when there is no seat
 */
export const holdSeat = <Feature extends string = string>(options: HoldOptions): Promise<Seat<Feature>> =>
  holdSeatOn(browserPlatform, options);

/** A random id, kept with the page's origin: what tells this browser from others. */
export const hardwareId = (application: string): Promise<string> =>
  browserPlatform.hardwareId(application, browserPlatform.defaultStorage(application));
