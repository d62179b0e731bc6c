import type { AttemptError } from '../model/delivery.ts';

/** What an endpoint answered, or why there is no answer. */
export type SendResult =
  | {
      readonly kind: 'answer';
      readonly status: number;
      /** The header Retry-After, and the header Date beside it. */
      readonly retryAfter: string | undefined;
      readonly date: string | undefined;
      /** At most 1 KiB of the answer's body. */
      readonly body: string;
    }
  | { readonly kind: 'error'; readonly error: AttemptError };

/** POSTs to an endpoint; never throws. Nothing is connected to but addresses that the rules allow. */
export type SendWebhook = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<SendResult>;
