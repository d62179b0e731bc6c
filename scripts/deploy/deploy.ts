import type { Run } from '../release/command.ts';
import { createPipelines, createTerraform } from './google.ts';

export interface DeployOptions {
  /** A file of terraform/environments. */
  readonly environment: string;
  /** Releases what this build made, in place of a new one. */
  readonly build: string | undefined;
  /** Whether an older build may replace a newer one. */
  readonly allowOlder: boolean;
}

export interface DeployParts {
  readonly run: Run;
  /** @returns whether a person agrees */
  readonly approve: (question: string) => Promise<boolean>;
  readonly log: (line: string) => void;
}

/**
 * Every release after the first: what Terraform would change, after an approval; a build; its release, after another.
 *
 * @returns false when somebody did not agree; everything up to there has happened
 */
export async function deploy(options: DeployOptions, { run, approve, log }: DeployParts): Promise<boolean> {
  const terraform = createTerraform(run, options.environment);
  await terraform.init();
  if (options.build === undefined) {
    const changes = await terraform.plan();
    for (const change of changes) log(`  ${change}`);
    if (changes.length === 0) log('Terraform: nothing to change');
    else if (!(await approve(`Terraform would change these ${changes.length}. Apply?`))) return false;
    else await terraform.applyPlan();
  }
  const pipelines = createPipelines(run, await terraform.outputs());
  const build = options.build ?? (await pipelines.build());
  log(`build ${build}`);
  if (!(await approve(`Release build ${build} to ${options.environment}?`))) {
    log(`later: scripts/deploy.sh ${options.environment} --build ${build}`);
    return false;
  }
  await pipelines.release(build, options.allowOlder ? { _ALLOW_OLDER: 'true' } : {});
  log(`build ${build} serves`);
  return true;
}
