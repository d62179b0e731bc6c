import type { CloudRun, Traffic } from './cloud-run.ts';
import type { Before } from './turn.ts';

const same = (a: Traffic, b: Traffic) =>
  Object.keys(a).length === Object.keys(b).length && Object.entries(a).every(([name, percent]) => b[name] === percent);

/**
 * Puts everything back to where it was: all services and the job at once, since whoever cancels a build waits ten
 * seconds; each step goes on past another's failure, and what it did is looked at afterwards.
 *
 * @returns what is not as it was, one line each with the command that mends it
 */
export async function rollBack(cloudRun: CloudRun, before: Before, log: (line: string) => void): Promise<string[]> {
  const services = Object.entries(before.services).map(async ([name, traffic]) => {
    try {
      await cloudRun.setTraffic(name, traffic).catch((error: Error) => log(error.message));
      if (same((await cloudRun.service(name)).traffic, traffic)) return [];
    } catch (error) {
      log(String(error));
    }
    const to = Object.entries(traffic).map(([revision, percent]) => `${revision}=${percent}`);
    return [`${name}: gcloud run services update-traffic ${name} --to-revisions ${to.join(',')}`];
  });
  const job = async ({ name, image }: NonNullable<Before['job']>) => {
    try {
      await cloudRun.setJobImage(name, image).catch((error: Error) => log(error.message));
      if ((await cloudRun.jobImage(name)) === image) return [];
    } catch (error) {
      log(String(error));
    }
    return [`${name}: gcloud run jobs update ${name} --image ${image}`];
  };
  return (await Promise.all([...services, ...(before.job === undefined ? [] : [job(before.job)])])).flat();
}
