import { readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildClient } from '../../scripts/build-client.ts';
import { run, scratch } from './suite.ts';

/** The client as users have it: built, packed by npm, and unpacked where a program would find it. */
export interface ClientPackage {
  /** With the package below its node_modules. */
  readonly project: string;
  readonly folder: string;
  readonly tarball: string;
  readonly tarballBytes: number;
  readonly files: readonly string[];
}

export async function packClient(): Promise<ClientPackage> {
  const project = await scratch();
  const built = join(project, 'built');
  await buildClient(built);
  await run('npm', ['pack', '--pack-destination', project, '--offline'], { cwd: built });
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz')) ?? '';
  const folder = join(project, 'node_modules', 'countersign-client');
  await writeFile(join(project, 'package.json'), '{}');
  await run('npm', ['install', '--offline', '--no-save', '--no-audit', '--no-fund', `./${tarball}`], { cwd: project });
  return {
    project,
    folder,
    tarball: join(project, tarball),
    tarballBytes: (await stat(join(project, tarball))).size,
    files: (await readdir(folder, { recursive: true })).sort(),
  };
}
