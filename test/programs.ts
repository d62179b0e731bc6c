import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

const onPath = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });

/**
 * Whether this machine has programs that the project itself does without. Tests that need them, mostly since they paste
 * commands of the documentation, are skipped by name where they are missing.
 */
export const has = (...programs: readonly string[]): boolean => programs.every(onPath);
