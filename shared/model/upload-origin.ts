import * as z from 'zod';
import type { Principal } from './principal.ts';

/** Who asked for the URL of an upload. It is signed into the object's metadata, so that nobody else can say it. */
export interface UploadOrigin {
  readonly tenantId: string;
  readonly requestedBy: Requester;
}

export interface Requester {
  readonly kind: 'user' | 'staff' | 'service';
  /** The uid of a person, the email of a service. */
  readonly id: string;
}

/** Names of custom metadata, which Cloud Storage keeps in lower case. */
const ORIGIN_METADATA = { tenant: 'countersign-tenant', requester: 'countersign-requested-by' } as const;

export function requesterOf(principal: Principal): Requester {
  if (principal.kind === 'user') return { kind: principal.staff ? 'staff' : 'user', id: principal.uid };
  if (principal.kind === 'service') return { kind: 'service', id: principal.email };
  throw new TypeError(`${principal.kind} asks for no URL`);
}

/** Header values are printable ASCII; an id that is more is percent-encoded. */
export const originMetadata = ({ tenantId, requestedBy: { kind, id } }: UploadOrigin): Record<string, string> => ({
  [ORIGIN_METADATA.tenant]: tenantId,
  [ORIGIN_METADATA.requester]: `${kind}:${encodeURIComponent(id)}`,
});

const metadata = z.object({
  [ORIGIN_METADATA.tenant]: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  [ORIGIN_METADATA.requester]: z.string().regex(/^(?:user|staff|service):[!-~]+$/),
});

const KINDS = ['user', 'staff', 'service'] as const;

/** @returns undefined for metadata that no URL of ours has */
export function readOriginMetadata(value: unknown): UploadOrigin | undefined {
  const { data } = metadata.safeParse(value);
  if (data === undefined) return undefined;
  const requester = data[ORIGIN_METADATA.requester];
  const cut = requester.indexOf(':');
  const kind = KINDS.find((one) => one === requester.slice(0, cut));
  const id = decoded(requester.slice(cut + 1));
  if (kind === undefined || id === undefined) return undefined;
  return { tenantId: data[ORIGIN_METADATA.tenant], requestedBy: { kind, id } };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
