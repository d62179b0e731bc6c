import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { promisify } from 'node:util';
import { hashedHardwareId, storedHardwareId } from '../hardware-id.ts';
import type { Storage } from '../storage/storage.ts';

/** Names the machine outright, for whoever runs the program where there is no durable machine: containers, CI. */
const HARDWARE_ID_VARIABLE = 'COUNTERSIGN_HARDWARE_ID';

export interface Machine {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly inContainer: boolean;
  /** The operating system's own id of the machine, where it has one. */
  systemId(): Promise<string | undefined>;
}

/**
 * In this order: COUNTERSIGN_HARDWARE_ID as it is; in a container the host name, since an image's machine id is the
 * same in every copy; the operating system's machine id; a random one, kept in the storage.
 */
export async function hardwareIdOf(machine: Machine, application: string, storage: Storage): Promise<string> {
  const given = machine.env[HARDWARE_ID_VARIABLE];
  if (given) return given;
  if (machine.inContainer) return hashedHardwareId(application, `container:${machine.hostname}`);
  const id = await machine.systemId().catch(() => undefined);
  return id ? hashedHardwareId(application, id) : storedHardwareId(application, storage);
}

export const nodeHardwareId = (application: string, storage: Storage): Promise<string> =>
  hardwareIdOf(
    { env: process.env, hostname: hostname(), inContainer: isContainer(), systemId: readSystemId },
    application,
    storage,
  );

const isContainer = (): boolean =>
  process.env['KUBERNETES_SERVICE_HOST'] !== undefined || ['/.dockerenv', '/run/.containerenv'].some(existsSync);

const run = promisify(execFile);

async function readSystemId(): Promise<string | undefined> {
  switch (process.platform) {
    case 'darwin': {
      const { stdout } = await run('/usr/sbin/ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']);
      return /"IOPlatformUUID" = "([^"]+)"/.exec(stdout)?.[1];
    }
    case 'win32': {
      const { stdout } = await run('reg', ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid']);
      return /MachineGuid\s+REG_SZ\s+(\S+)/.exec(stdout)?.[1];
    }
    default: {
      // machine-id(5); the second place is what systems without systemd have.
      const texts = await Promise.all(
        ['/etc/machine-id', '/var/lib/dbus/machine-id'].map((path) => readFile(path, 'utf8').catch(() => '')),
      );
      return texts.map((text) => text.trim()).find((text) => /^[0-9a-f]{32}$/.test(text));
    }
  }
}
