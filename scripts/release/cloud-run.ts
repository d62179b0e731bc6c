import * as z from 'zod';
import type { Run } from './command.ts';

/** Percent of the traffic by revision. */
export type Traffic = Readonly<Record<string, number>>;

export interface ServiceStatus {
  readonly traffic: Traffic;
  /** Revision by tag. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What a release asks of Cloud Run. Every change says the same when it arrives twice. */
export interface CloudRun {
  service(name: string): Promise<ServiceStatus>;
  /** A revision without traffic under a tag; the tag is moved when it is there. */
  createRevision(name: string, image: string, tag: string): Promise<void>;
  moveTag(name: string, tag: string, revision: string): Promise<void>;
  removeTags(name: string, tags: readonly string[]): Promise<void>;
  /** What is left of a hundred stays where it is, in proportion. */
  setTraffic(name: string, traffic: Traffic): Promise<void>;
  /** From here on the traffic follows the latest revision, so that a setting changed by Terraform takes effect. */
  followLatest(name: string): Promise<void>;
  jobImage(name: string): Promise<string>;
  setJobImage(name: string, image: string): Promise<void>;
}

const service = z.object({
  status: z.object({
    traffic: z
      .array(z.object({ revisionName: z.string(), percent: z.number().default(0), tag: z.string().optional() }))
      .default([]),
  }),
});

const container = z.object({ image: z.string() });
const job = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ template: z.object({ spec: z.object({ containers: z.tuple([container], container) }) }) }),
    }),
  }),
});

export function createCloudRun(run: Run, project: string, region: string): CloudRun {
  const where = ['--project', project, '--region', region];
  const gcloud = (...args: readonly string[]) => run('gcloud', ['run', ...args, ...where]);
  const change = (...args: readonly string[]) => gcloud(...args, '--quiet');
  return {
    async service(name) {
      const { status } = service.parse(JSON.parse(await gcloud('services', 'describe', name, '--format', 'json')));
      const traffic: Record<string, number> = {};
      for (const { revisionName, percent } of status.traffic) {
        if (percent > 0) traffic[revisionName] = (traffic[revisionName] ?? 0) + percent;
      }
      const tags = status.traffic.flatMap(({ tag, revisionName }) => (tag === undefined ? [] : [[tag, revisionName]]));
      return { traffic, tags: Object.fromEntries(tags) };
    },
    async createRevision(name, image, tag) {
      await change('services', 'update', name, '--image', image, '--no-traffic', '--tag', tag);
    },
    async moveTag(name, tag, revision) {
      await change('services', 'update-traffic', name, '--update-tags', `${tag}=${revision}`);
    },
    async removeTags(name, tags) {
      await change('services', 'update-traffic', name, '--remove-tags', tags.join(','));
    },
    async setTraffic(name, traffic) {
      const parts = Object.entries(traffic).map(([revision, percent]) => `${revision}=${percent}`);
      await change('services', 'update-traffic', name, '--to-revisions', parts.join(','));
    },
    async followLatest(name) {
      await change('services', 'update-traffic', name, '--to-latest');
    },
    async jobImage(name) {
      const { spec } = job.parse(JSON.parse(await gcloud('jobs', 'describe', name, '--format', 'json')));
      return spec.template.spec.template.spec.containers[0].image;
    },
    async setJobImage(name, image) {
      await change('jobs', 'update', name, '--image', image);
    },
  };
}
