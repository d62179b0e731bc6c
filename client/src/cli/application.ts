import { basename } from 'node:path';
import { cleanText } from '../text/clean.ts';

/** The salt of the hardware id: what is named, else the command's own name. */
export const programName = (named: string | undefined, program: string): string =>
  cleanText(named ?? '') || basename(program);
