import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createGoogle } from './google.ts';
import { readSettings, type Settings, USAGE } from './settings.ts';
import { createSteps } from './steps.ts';

/** scripts/first-staff.sh: from nobody to a member of staff who can sign in. */
async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help')) {
    console.log(USAGE);
    return 0;
  }
  let settings: Settings;
  try {
    settings = readSettings(args, process.env);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
    return 64;
  }
  const google = createGoogle(settings, async () => (settings.isGoogle ? gcloudToken() : 'owner'));
  const steps = createSteps(settings, google, (line) => console.log(line));
  try {
    const uid = await steps.makeUser();
    await steps.verifyAddress(uid);
    if (settings.newFactor) await steps.withdrawFactors(uid);
    if (await steps.hasFactor()) console.log('Second factor: enrolled already (--new-factor makes another).');
    else await steps.enrolFactor(uid);
    await steps.makeStaff(uid);
    console.log(`${settings.email} is staff now (user ${uid}). Set a password here, then sign in:`);
    console.log(`  ${await steps.passwordLink()}`);
    return 0;
  } catch (error) {
    console.error(`first-staff: ${error instanceof Error ? error.message : error}\nIt can be repeated as it is.`);
    return 1;
  }
}

async function gcloudToken(): Promise<string> {
  const { stdout } = await promisify(execFile)('gcloud', ['auth', 'print-access-token']);
  return stdout.trim();
}

process.exitCode = await main(process.argv.slice(2));
