import { systemClock } from '#shared/model/clock.ts';
import { invalid } from '#shared/model/errors.ts';

/** Seconds for which a signature counts. */
const TOLERANCE = 300;

export const SIGNATURE_HEADER = 'stripe-signature';

/**
 * @param body the bytes that were sent
 * @param header the value of `Stripe-Signature`
 * @returns the event that Stripe signed
 * @throws Fault `invalid_request` for a signature that is missing, wrong or too old
 */
export type VerifyEvent = (body: Uint8Array, header: string | undefined) => Promise<unknown>;

/**
 * Checks Stripe's signatures with Stripe's own package, at real time like tokens. The package is loaded by the first
 * request, because it is larger than everything else that the function needs to start.
 */
export function createVerifyEvent(secret: string): VerifyEvent {
  return async (body, header) => {
    const { Stripe } = await import('stripe');
    try {
      return Stripe.webhooks.constructEvent(
        Buffer.from(body),
        header ?? '',
        secret,
        TOLERANCE,
        undefined,
        systemClock.now(),
      );
    } catch (cause) {
      throw refused(cause);
    }
  };
}

function refused(cause: unknown) {
  const fault = invalid([
    { path: 'Stripe-Signature', message: 'is missing, older than five minutes, or not the signature of this body' },
  ]);
  fault.cause = cause;
  return fault;
}
