import * as z from 'zod';

/** `licenses/{id}/self_service/releases`: when key holders freed seats of the licence in the last hour; milliseconds. */
export const selfReleaseFields = z.object({ times: z.array(z.number().int()) });
