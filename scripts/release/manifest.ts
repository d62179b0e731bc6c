import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../sources.ts';
import { type Manifest, manifest } from './infrastructure.ts';

/**
 * `node scripts/release/manifest.ts`: writes release.json from images.txt, for the release of this build: images by
 * digest, and what the code needs of Terraform. Environment: BUILD_ID, COMMIT_SHA.
 */
const GENERATED = ['buckets', 'environment', 'indexes', 'rights', 'routes'].map((name) => `${name}.json`);

const lines = readFileSync(join(ROOT, 'images.txt'), 'utf8').trim().split('\n');
const made: Manifest = {
  build: process.env['BUILD_ID'] ?? '',
  commit: process.env['COMMIT_SHA'] || 'unknown',
  created: new Date().toISOString(),
  images: Object.fromEntries(lines.map((line) => line.split(' '))),
  needs: Object.fromEntries(
    GENERATED.map((file) => [file, JSON.parse(readFileSync(join(ROOT, 'terraform', file), 'utf8'))]),
  ),
};
writeFileSync(join(ROOT, 'release.json'), `${JSON.stringify(manifest.parse(made), null, 2)}\n`);
