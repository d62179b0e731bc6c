import type { Answer } from './fake-program.ts';

/** As much of Google Cloud as a release can see, as data. */
export interface FakeCloud {
  /** By service: what serves, the tags, and the image of each revision; the last revision is the latest. */
  services: Record<
    string,
    {
      traffic: Record<string, number>;
      tags: Record<string, string>;
      revisions: Record<string, string>;
      latest: boolean;
    }
  >;
  jobs: Record<string, string>;
  objects: Record<string, { text: string; generation: number }>;
  generation: number;
}

const ok = (stdout = ''): Answer => ({ status: 0, stdout, stderr: '' });
const fail = (stderr: string): Answer => ({ status: 1, stdout: '', stderr: `ERROR: ${stderr}` });

export const fakeCloud = (names: readonly string[]): FakeCloud => ({
  services: Object.fromEntries(
    names.map((name) => [
      name,
      {
        traffic: { [`${name}-00001-old`]: 100 },
        tags: {},
        revisions: { [`${name}-00001-old`]: 'r/old' },
        latest: true,
      },
    ]),
  ),
  jobs: { 'task-worker': 'r/worker-old' },
  objects: {},
  generation: 100,
});

/** `gcloud` with these arguments; changes the cloud as Google would. */
export function gcloud(cloud: FakeCloud, args: readonly string[], input = ''): Answer {
  const flag = (name: string) => {
    const at = args.findIndex((arg) => arg === name || arg.startsWith(`${name}=`));
    return at === -1 ? undefined : ((args[at]?.split('=').slice(1).join('=') || args[at + 1]) ?? '');
  };
  const [group = '', kind = '', verb = '', name = ''] = args;
  if (group === 'auth') return ok('token\n');
  if (group === 'storage') return storage(cloud, args, flag('--if-generation-match'), input);
  if (group === 'run' && kind === 'jobs') {
    if (verb === 'update') cloud.jobs[name] = flag('--image') ?? '';
    const containers = [{ image: cloud.jobs[name] }];
    return ok(JSON.stringify({ spec: { template: { spec: { template: { spec: { containers } } } } } }));
  }
  const service = cloud.services[name];
  if (group !== 'run' || service === undefined) return fail(`not found: ${args.join(' ')}`);
  if (verb === 'describe') {
    const tags = Object.entries(service.tags).map(([tag, revisionName]) => ({ tag, revisionName }));
    const serving = Object.entries(service.traffic).map(([revisionName, percent]) => ({ revisionName, percent }));
    return ok(JSON.stringify({ status: { traffic: [...serving, ...tags] } }));
  }
  if (verb === 'update') {
    const revision = `${name}-${String(Object.keys(service.revisions).length + 1).padStart(5, '0')}-new`;
    service.revisions[revision] = flag('--image') ?? '';
    service.tags[flag('--tag') ?? ''] = revision;
    service.latest = false;
    return ok();
  }
  return updateTraffic(service, flag, args);
}

function updateTraffic(
  service: FakeCloud['services'][string],
  flag: (name: string) => string | undefined,
  args: readonly string[],
): Answer {
  const pairs = (text: string | undefined) =>
    (text ?? '')
      .split(',')
      .filter(Boolean)
      .map((pair) => pair.split('=') as [string, string]);
  for (const [tag, revision] of pairs(flag('--update-tags'))) service.tags[tag] = revision;
  for (const tag of (flag('--remove-tags') ?? '').split(',').filter(Boolean)) delete service.tags[tag];
  const to = pairs(flag('--to-revisions'));
  if (to.some(([revision]) => service.revisions[revision] === undefined)) return fail('no such revision');
  if (to.length > 0) {
    const given = to.reduce((sum, [, percent]) => sum + Number(percent), 0);
    const others = Object.entries(service.traffic).filter(([revision]) => !to.some(([one]) => one === revision));
    const rest = others.reduce((sum, [, percent]) => sum + percent, 0);
    const kept =
      given === 100 || rest === 0
        ? []
        : others.map(([one, percent]) => [one, (percent * (100 - given)) / rest] as const);
    service.traffic = Object.fromEntries([...kept, ...to.map(([one, percent]) => [one, Number(percent)] as const)]);
    service.latest = false;
  }
  if (args.includes('--to-latest')) {
    service.traffic = { [Object.keys(service.revisions).at(-1) ?? '']: 100 };
    service.latest = true;
  }
  return ok();
}

function storage(cloud: FakeCloud, args: readonly string[], match: string | undefined, input: string): Answer {
  const url = args.find((arg) => arg.startsWith('gs://')) ?? '';
  const there = cloud.objects[url];
  const changed = match !== undefined && match !== String(there?.generation ?? 0);
  if (args[1] === 'cp') {
    if (changed) return fail('HTTPError 412: At least one of the pre-conditions you specified did not hold.');
    cloud.generation += 1;
    cloud.objects[url] = { text: input, generation: cloud.generation };
    return ok();
  }
  if (there === undefined) return fail(`The following URLs matched no objects or files:\n${url}`);
  if (args[1] === 'cat') return ok(there.text);
  if (args[1] === 'rm') {
    if (changed) return fail('HTTPError 412: precondition');
    delete cloud.objects[url];
    return ok();
  }
  return ok(`${there.generation}\n`);
}
