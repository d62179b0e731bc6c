import { readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import * as z from 'zod';
import { Fault } from '#shared/model/errors.ts';

/** What `scripts/build/console-app.ts` leaves beside the built files: how the page refers to them. */
const manifest = z.object({
  script: z.string(),
  styles: z.array(z.string()),
  /** Scripts that the first one imports at once. */
  preload: z.array(z.string()),
  files: z.array(z.string()),
});

export type AppManifest = z.output<typeof manifest>;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The built app. */
export interface AppFiles {
  /** Read anew with each page, so that a build shows at once. */
  manifest(): AppManifest;
  /** @throws Fault `not_found` for a file that the manifest does not name */
  read(name: string): { readonly bytes: Buffer; readonly contentType: string };
}

/** @param folder default: beside the bundle, where the build puts it */
export function openAppFiles(folder: string = join(import.meta.dirname, 'app')): AppFiles {
  const read = () => manifest.parse(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')));
  return {
    manifest: read,
    read(name) {
      if (!read().files.includes(name)) throw new Fault('not_found', 'The console has no such file.');
      const contentType = CONTENT_TYPES[extname(name)] ?? 'application/octet-stream';
      return { bytes: readFileSync(join(folder, name)), contentType };
    },
  };
}
