import { mkdir, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { buildClient } from '../../scripts/build-client.ts';
import { run, scratch } from './suite.ts';

/** The client as users have it: built, packed by npm, and unpacked where a program would find it. */
export interface ClientPackage {
  /** With the package below its node_modules. */
  readonly project: string;
  readonly folder: string;
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
  await mkdir(dirname(folder), { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', dirname(folder)], { cwd: project });
  await run('mv', [join(dirname(folder), 'package'), folder]);
  return {
    project,
    folder,
    tarballBytes: (await stat(join(project, tarball))).size,
    files: (await readdir(folder, { recursive: true })).sort(),
  };
}
