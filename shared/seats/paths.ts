/** The paths of the seat protocol's documents. */
export const paths = {
  license: (licenseId: string) => `licenses/${licenseId}`,
  seats: (licenseId: string) => `licenses/${licenseId}/seats`,
  seat: (licenseId: string, seat: string) => `licenses/${licenseId}/seats/${seat}`,
  holder: (licenseId: string, holder: string) => `licenses/${licenseId}/holders/${holder}`,
  /** @param user as `userId` gives it */
  user: (licenseId: string, user: string) => `licenses/${licenseId}/users/${user}`,
  users: (licenseId: string) => `licenses/${licenseId}/users`,
  selfReleases: (licenseId: string) => `licenses/${licenseId}/self_service/releases`,
  borrows: (licenseId: string) => `licenses/${licenseId}/borrows`,
  borrow: (licenseId: string, slot: number) => `licenses/${licenseId}/borrows/${slot}`,
  /** @param hash of the licence key */
  key: (licenseId: string, hash: string) => `licenses/${licenseId}/keys/${hash}`,
  keys: (licenseId: string) => `licenses/${licenseId}/keys`,
  keyEnding: (keyId: string) => `key_endings/${keyId}`,
  /** @param hash of a key of an older system */
  importedKey: (hash: string) => `imported_keys/${hash}`,
  queue: (licenseId: string) => `licenses/${licenseId}/queue`,
  ticket: (licenseId: string, holder: string) => `licenses/${licenseId}/queue/${holder}`,
  /** @param ticket the hash of its id */
  leftTicket: (ticket: string) => `left_tickets/${ticket}`,
  /** A licence whose queue the reaper looks through. */
  sweep: (licenseId: string) => `queues/${licenseId}`,
  /** @param machine the hash of licence and hardware id */
  machineOfDay: (licenseId: string, day: string, machine: string) =>
    `licenses/${licenseId}/machine_days/${day}.${machine}`,
  machineSlots: (licenseId: string) => `licenses/${licenseId}/machine_slots`,
  machineSlot: (licenseId: string, day: string, slot: number) => `licenses/${licenseId}/machine_slots/${day}.${slot}`,
  session: (handle: string) => `sessions/${handle}`,
  ended: (handle: string) => `ended_sessions/${handle}`,
} as const;
