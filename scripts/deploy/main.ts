import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ROOT } from '../sources.ts';
import { deploy } from './deploy.ts';
import { approve, commands, log } from './terminal.ts';

const HELP = `usage: scripts/deploy.sh ENVIRONMENT [--yes] [--dry-run] [--build ID [--older]]

Every release after the first: applies what terraform/ changes, builds what is checked out here, releases it.
  ENVIRONMENT   a file of terraform/environments, without .tfvars
  --yes         nobody is asked
  --dry-run     shows every command and runs none
  --build ID    releases what that build made, and builds and applies nothing
  --older       the same when a newer build serves already: goes back on purpose
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    build: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
    older: { type: 'boolean', default: false },
    yes: { type: 'boolean', default: false },
  },
});
const [environment] = positionals;
const known = environment !== undefined && existsSync(join(ROOT, `terraform/environments/${environment}.tfvars`));
if (values.help || !known || positionals.length > 1) {
  if (environment !== undefined && !known) log(`terraform/environments/${environment}.tfvars is not there\n`);
  log(HELP);
  process.exitCode = values.help ? 0 : 64;
} else {
  process.chdir(ROOT);
  try {
    const parts = {
      run: commands(values['dry-run']),
      approve: values.yes || values['dry-run'] ? async () => true : approve,
      log,
    };
    const done = await deploy({ environment, build: values.build, allowOlder: values.older }, parts);
    if (!done) process.exitCode = 1;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\nIt is safe to run this again.\n`);
    process.exitCode = 1;
  }
}
