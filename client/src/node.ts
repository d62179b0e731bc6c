import { nodePlatform } from './platform/node.ts';
import { nodeHardwareId } from './platform/node-hardware-id.ts';
import { holdSeatOn } from './seat/hold.ts';
import type { HoldOptions } from './seat/options.ts';
import type { Seat } from './seat/seat.ts';
import { fileStorage, stateDirectory } from './storage/file.ts';

export * from './index.ts';
export { fileStorage, stateDirectory };

/**
 * Takes a seat and keeps it: heartbeats, fresh licences, outages and sleep are seen to, and the seat is given back when
 * the program ends.
 * @throws TypeError for options that cannot be meant; SeatError, by its `code`, when there is no seat
 */
export const holdSeat = <Feature extends string = string>(options: HoldOptions): Promise<Seat<Feature>> =>
  holdSeatOn(nodePlatform, options);

/** What tells this machine from others for one application, and nothing else about it. */
export const hardwareId = (application: string): Promise<string> =>
  nodeHardwareId(application, fileStorage(stateDirectory(application)));
