import * as z from 'zod';
import { defineRoute } from '../http/route.ts';
import { readRequestCode } from '../license-format/read-request-code.ts';
import { VENDOR } from '../model/principal.ts';
import { borrowSeconds } from './license-terms.ts';
import { hardwareId, time } from './schemas.ts';

export const borrowedFile = z.object({
  session: z.string().describe('names the session in lists, and in the file'),
  license_file: z.string(),
  expires_at: time,
  borrowed_until: time.describe('the end of the file'),
  seats_used: z.number().int(),
  seats_total: z.number().int(),
  seats_borrowed: z.number().int().describe('borrowed seats of the licence'),
  borrow_max_seats: z.number().int().describe('how many seats may be borrowed at once'),
});

const requestCode = z.string().max(8_000);

export const borrowForMachine = defineRoute({
  id: 'borrowForMachine',
  method: 'POST',
  path: '/api/v1/licenses/{license_id}/borrows',
  access: [...VENDOR, 'owner', 'admin'],
  summary: 'Borrow a seat for a machine without a network',
  description:
    'Answers a licence file, which holds until `borrowed_until` on the machine with this hardware id and on no other. The machine is named ' +
    'by `hardware_id`, or by the request code that `countersign hardware-id` shows there. Asking again for the same machine ' +
    'signs another file for the same seat, never shorter. Ending the session later frees the seat, and cannot call back the file.',
  params: z.object({ license_id: z.string() }),
  body: z
    .strictObject({
      hardware_id: hardwareId.optional(),
      request_code: requestCode
        .optional()
        .describe('in place of `hardware_id`: the same with a check against typing errors'),
      borrow_seconds: borrowSeconds,
      label: z
        .string()
        .max(200)
        .nullable()
        .default(null)
        .describe('shown to the administrators where other machines have their host name'),
      token_format: z.literal('file').default('file'),
    })
    .transform(({ request_code, hardware_id, ...body }, context) => {
      const named = request_code === undefined ? nameById(hardware_id) : nameByCode(request_code, hardware_id);
      if ('hardwareId' in named) return { ...body, hardware_id: named.hardwareId };
      context.addIssue({ code: 'custom', path: [named.path], message: named.message });
      return z.NEVER;
    }),
  responses: {
    200: { description: 'The seat that this machine has already, borrowed', schema: borrowedFile },
    201: { description: 'A seat for this machine', schema: borrowedFile },
  },
  errors: [
    'borrow_not_allowed',
    'borrow_too_long',
    'no_borrow_available',
    'no_seats_available',
    'machine_limit_reached',
    'license_expired',
    'license_suspended',
    'license_not_found',
    'session_not_found',
    'session_ended',
    'idempotency_conflict',
    'signing_unavailable',
    'dependency_unavailable',
  ],
});

type NamedMachine = { readonly hardwareId: string } | { readonly path: string; readonly message: string };

/** A code in the place of an id would make a file for no machine. */
function nameById(id: string | undefined): NamedMachine {
  if (id === undefined) return { path: 'hardware_id', message: 'is required, or a `request_code` in its place' };
  if ('hardwareId' in readRequestCode(id))
    return { path: 'hardware_id', message: 'is a request code: send it as `request_code`' };
  return { hardwareId: id };
}

function nameByCode(code: string, id: string | undefined): NamedMachine {
  const read = readRequestCode(code);
  if ('problem' in read) return { path: 'request_code', message: read.problem };
  if (id !== undefined && id !== read.hardwareId)
    return { path: 'hardware_id', message: 'is another machine’s than the `request_code`' };
  return read;
}
