import * as z from 'zod';
import { ABSENT, CommandError, type Run } from '../release/command.ts';

const substitutions = z.object({
  build: z.record(z.string(), z.string()),
  release: z.record(z.string(), z.string()),
});
const value = <T extends z.ZodType>(type: T) => z.object({ value: type });

/** What the scripts need of Terraform's outputs. */
const outputs = z.object({
  builder: value(z.string()),
  dashboard: value(z.string()),
  deployer: value(z.string()),
  project_id: value(z.string()),
  records: value(z.array(z.object({ name: z.string(), type: z.string(), data: z.string() }))),
  region: value(z.string()),
  scheduler_jobs: value(z.record(z.string(), z.string())),
  smoke_secret: value(z.string()),
  substitutions: value(substitutions),
});
export type Outputs = { readonly [Name in keyof z.output<typeof outputs>]: z.output<typeof outputs>[Name]['value'] };

const FOLDER = '-chdir=terraform';

export function createTerraform(run: Run, environment: string) {
  const tf = (...args: readonly string[]) => run('terraform', [FOLDER, ...args], { show: true });
  const variables = `-var-file=environments/${environment}.tfvars`;
  return {
    init: () => tf('init', '-input=false', '-reconfigure', `-backend-config=environments/${environment}.gcs.tfbackend`),
    /** @returns the addresses that would change, each with what would happen to it */
    async plan(): Promise<string[]> {
      await tf('plan', '-input=false', variables, '-out=plan');
      const shown = plan.parse(JSON.parse(await run('terraform', [FOLDER, 'show', '-json', 'plan'])));
      return shown.resource_changes
        .filter(({ change }) => change.actions.some((action) => action !== 'no-op' && action !== 'read'))
        .map(({ address, change }) => `${change.actions.join(' and ')} ${address}`);
    },
    /** What was planned, and nothing else. */
    applyPlan: () => tf('apply', '-input=false', 'plan'),
    apply: () => tf('apply', '-input=false', '-auto-approve', variables),
    async outputs(): Promise<Outputs> {
      const read = outputs.parse(JSON.parse(await run('terraform', [FOLDER, 'output', '-json'])));
      return Object.fromEntries(Object.entries(read).map(([name, one]) => [name, one.value])) as unknown as Outputs;
    },
  };
}

const plan = z.object({
  resource_changes: z
    .array(z.object({ address: z.string(), change: z.object({ actions: z.array(z.string()) }) }))
    .default([]),
});

/** Cloud Build's two pipelines, as their triggers run them, by hand. */
export function createPipelines(run: Run, { builder, deployer, project_id, region, substitutions }: Outputs) {
  const pairs = (all: Readonly<Record<string, string>>) =>
    // Another delimiter than the comma, which a value may have.
    `^|^${Object.entries(all)
      .map(([name, one]) => `${name}=${one}`)
      .join('|')}`;
  const submit = (config: string, account: string, bucket: string, all: Readonly<Record<string, string>>) =>
    run(
      'gcloud',
      [
        ...['builds', 'submit', '.', '--config', config, '--project', project_id, '--region', region],
        ...['--service-account', `projects/${project_id}/serviceAccounts/${account}`],
        ...['--gcs-source-staging-dir', `${bucket}/source`, '--substitutions', pairs(all)],
        ...['--format', 'value(id)'],
      ],
      { show: true },
    );
  return {
    /** @returns the build's id */
    build: async () =>
      (
        await submit('cloudbuild.yaml', builder, substitutions.build['_BUILDS_BUCKET'] ?? '', substitutions.build)
      ).trim(),
    release: async (build: string, more: Readonly<Record<string, string>> = {}) =>
      void (await submit('cloudbuild.release.yaml', deployer, substitutions.release['_RELEASES_BUCKET'] ?? '', {
        ...substitutions.release,
        _BUILD: build,
        ...more,
      })),
  };
}

/** Undefined when Google says that there is none. */
export async function ifThere(asked: Promise<string>): Promise<string | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof CommandError && (ABSENT.test(error.output) || HIDDEN.test(error.output))) return undefined;
    throw error;
  }
}

/** Google does not tell whether a project of another owner is there. */
const HIDDEN = /does not have permission to access projects instance|may not exist|NOT_FOUND/i;
