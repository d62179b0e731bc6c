import { emailOf } from '#local/accounts.ts';
import type { Stack } from '#local/stack.ts';
import { type FunctionProcess, startFunctionProcess } from './function-process.ts';
import { fresh, signatureOf, stripeEvent, subscriptionObject } from './stripe/events.ts';

/** What comes from outside to a process that may be killed meanwhile. The sender repeats it until it is accepted. */
export interface Sender {
  /** Sends `count` new messages, each once. */
  send(count: number): Promise<void>;
  /** Kills the process and starts another. */
  restart(): Promise<void>;
  /** Sends what was not accepted again, as Stripe and Pub/Sub do. @returns the names of all that was ever sent */
  completeAll(): Promise<readonly string[]>;
  stop(): Promise<unknown>;
}

interface Message {
  readonly name: string;
  readonly body: string;
  accepted: boolean;
}

const ATTEMPTS = 20;

async function createSender(
  start: () => Promise<FunctionProcess>,
  {
    path,
    make,
    headersFor,
  }: {
    readonly path: string;
    readonly make: () => Omit<Message, 'accepted'>;
    readonly headersFor: (body: string) => Record<string, string>;
  },
): Promise<Sender> {
  let process = await start();
  const sent: Message[] = [];

  async function deliver(message: Message): Promise<void> {
    const headers = { 'content-type': 'application/json', ...headersFor(message.body) };
    const reply = await fetch(`${process.url}${path}`, { method: 'POST', headers, body: message.body }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      () => undefined,
    );
    if (reply?.text.includes('ignored')) throw new Error(`${path} ignores ${message.body}`);
    message.accepted ||= reply?.status === 200;
  }

  return {
    async send(count) {
      const messages = Array.from({ length: count }, (): Message => ({ ...make(), accepted: false }));
      sent.push(...messages);
      await Promise.all(messages.map(deliver));
    },
    async restart() {
      await process.stop('SIGKILL');
      process = await start();
    },
    async completeAll() {
      for (let attempt = 0; attempt < ATTEMPTS && sent.some(({ accepted }) => !accepted); attempt += 1) {
        for (const message of sent) if (!message.accepted) await deliver(message);
      }
      if (sent.some(({ accepted }) => !accepted)) throw new Error(`${path} accepts not everything`);
      return sent.map(({ name }) => name);
    },
    stop: () => process.stop('SIGKILL'),
  };
}

/** Stripe, which sells a licence of one seat with each message; its name is the licence's reference. */
export const createStripeSender = (stack: Stack): Promise<Sender> => {
  const now = Math.floor(Date.now() / 1000);
  return createSender(() => startFunctionProcess(stack, 'billing'), {
    path: '/webhooks/stripe',
    make() {
      const name = fresh('si');
      const item = { id: name, quantity: 1, start: now - 86_400, end: now + 30 * 86_400 };
      const event = stripeEvent('customer.subscription.created', subscriptionObject({ items: [item] }), {
        created: now,
      });
      return { name, body: JSON.stringify(event) };
    },
    headersFor: (body) => ({ 'stripe-signature': signatureOf(body) }),
  });
};

/** Pub/Sub, which tells of an upload with each message; its name is the object's. */
export async function createUploadSender(stack: Stack): Promise<Sender> {
  const token = await stack.issuer.serviceToken({ email: emailOf(stack.project, 'upload-push') });
  return createSender(() => startFunctionProcess(stack, 'upload-events'), {
    path: '/internal/uploads/completed',
    make() {
      const name = `demo/${fresh('storm')}.txt`;
      const object = {
        ...{ bucket: stack.project.uploadBucket, name, generation: '1795680000000000', size: '3' },
        ...{ contentType: 'text/plain', md5Hash: 'kAFQmDzST7DWlj99KOF/cg==', timeCreated: new Date().toISOString() },
        metadata: { 'countersign-tenant': 'demo', 'countersign-requested-by': 'user:demo-owner' },
      };
      const data = Buffer.from(JSON.stringify(object)).toString('base64');
      const message = { data, attributes: { eventType: 'OBJECT_FINALIZE' }, messageId: '1' };
      return { name, body: JSON.stringify({ message, subscription: 'projects/p/subscriptions/s' }) };
    },
    headersFor: () => ({ authorization: `Bearer ${token}` }),
  });
}
