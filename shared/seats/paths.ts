/** The paths of the seat protocol's documents. */
export const paths = {
  license: (licenseId: string) => `licenses/${licenseId}`,
  seats: (licenseId: string) => `licenses/${licenseId}/seats`,
  seat: (licenseId: string, seat: string) => `licenses/${licenseId}/seats/${seat}`,
  holder: (licenseId: string, holder: string) => `licenses/${licenseId}/holders/${holder}`,
  session: (handle: string) => `sessions/${handle}`,
  ended: (handle: string) => `ended_sessions/${handle}`,
} as const;
