import { findViolations, readProject } from './boundaries/find-violations.ts';
import { report } from './sources.ts';

const files = readProject();
report(`boundaries (${files.length} files)`, findViolations(files));
