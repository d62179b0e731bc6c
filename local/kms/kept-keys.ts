import { createPrivateKey } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import { ALGORITHMS, type Algorithm } from './algorithms.ts';
import type { CryptoKey, CryptoKeyVersion } from './store.ts';

const version = z.object({
  createdAt: z.number(),
  state: z.enum(['ENABLED', 'DISABLED', 'DESTROY_SCHEDULED']),
  destroyAt: z.number().optional(),
  /** PKCS#8 as PEM of an RSA key, base64 of any other. */
  material: z.string(),
});

const kept = z.array(
  z.object({
    name: z.string(),
    algorithm: z.string().refine((name): name is Algorithm => name in ALGORITHMS),
    createdAt: z.number(),
    primary: z.number().optional(),
    versions: z.array(version),
  }),
);

/** The keys that an earlier run has written to this file; none if there is no such file. */
export async function readKeys(file: string): Promise<Map<string, CryptoKey>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  const keys = new Map<string, CryptoKey>();
  for (const { name, algorithm, createdAt, primary, versions } of kept.parse(JSON.parse(text))) {
    const { purpose } = ALGORITHMS[algorithm];
    const restored = versions.map(
      ({ material, destroyAt, ...rest }, index): CryptoKeyVersion => ({
        ...rest,
        name: `${name}/cryptoKeyVersions/${index + 1}`,
        number: index + 1,
        algorithm,
        destroyAt,
        material:
          purpose === 'ASYMMETRIC_SIGN'
            ? { kind: 'rsa', privateKey: createPrivateKey(material) }
            : { kind: 'aes', secret: Buffer.from(material, 'base64') },
      }),
    );
    const first = primary === undefined ? undefined : restored[primary - 1];
    keys.set(name, { name, algorithm, purpose, createdAt, versions: restored, primary: first });
  }
  return keys;
}

/** In one step, before the call that changed them is answered. Readable by its owner alone. */
export function writeKeys(file: string, keys: ReadonlyMap<string, CryptoKey>): void {
  const text = [...keys.values()].map(({ name, algorithm, createdAt, primary, versions }) => ({
    name,
    algorithm,
    createdAt,
    primary: primary?.number,
    versions: versions.map(({ createdAt, state, destroyAt, material }) => ({
      createdAt,
      state,
      destroyAt,
      material:
        material.kind === 'rsa'
          ? material.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
          : material.secret.toString('base64'),
    })),
  }));
  writeFileSync(`${file}.new`, JSON.stringify(text, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
