/** Why an event, or an item of its subscription, cannot be applied. */
export type Reason =
  /** The event has another shape than Stripe documents. */
  | 'shape'
  /** A status that Stripe did not have when this was written. */
  | 'status'
  /** Several events of one second, and nothing says which is the last. */
  | 'order'
  /** The price has no metadata of ours, or some that cannot be read. */
  | 'price'
  /** The item has no quantity: its price is by use. */
  | 'quantity'
  /** The event does not show all items, so nothing is known of the others. */
  | 'items'
  /** Several tenants have the customer's id. */
  | 'tenant'
  /** The licence is archived or gone, or several have the item as their reference. */
  | 'license'
  /** The tenant's limit has no room for what was sold. */
  | 'seat_limit';

/** Something of Stripe's that is recorded and raises an alert, because acting on it would be a guess. */
export class Misunderstood extends Error {
  readonly reason: Reason;
  readonly details: Readonly<Record<string, string>>;
  /** The event, if as much of it could be read. */
  readonly event: { readonly id: string; readonly type: string; readonly created: number } | undefined;

  constructor(reason: Reason, details: Readonly<Record<string, string>> = {}, event?: Misunderstood['event']) {
    super(`Stripe: ${reason}`);
    this.name = 'Misunderstood';
    this.reason = reason;
    this.details = details;
    this.event = event;
  }
}
