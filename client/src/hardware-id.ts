import { sha256, toHex, utf8 } from './encoding.ts';
import type { Storage } from './storage/storage.ts';

/**
 * What is sent in place of something that names a machine: SHA-256 with the application as salt, so that the machine's
 * own id never leaves it and two applications cannot compare their users.
 * @returns 64 hexadecimal characters, the same for the same arguments for ever
 */
export const hashedHardwareId = async (application: string, machine: string): Promise<string> =>
  toHex(await sha256(utf8(`countersign/hardware/v1:${application}:${machine}`)));

const NAME = 'hardware-id';

/** For a machine without an id: a random one, kept in the storage, and as durable as that. @internal */
export async function storedHardwareId(application: string, storage: Storage): Promise<string> {
  const held = await storage.get(NAME).catch(() => undefined);
  if (held !== undefined) return hashedHardwareId(application, held);
  const fresh = toHex(crypto.getRandomValues(new Uint8Array(16)));
  await storage.set(NAME, fresh).catch(() => undefined);
  return hashedHardwareId(application, fresh);
}
