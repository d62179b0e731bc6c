import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { ask, commands, log, pause } from '../deploy/terminal.ts';
import { ROOT } from '../sources.ts';
import { settings } from './settings.ts';
import { createSteps, type Files, lastWords } from './steps.ts';

const HELP = `usage: scripts/create.sh [--project ID] [--region REGION] [--domain HOST] [--email EMAIL]
                         [--environment NAME] [--billing ACCOUNT] [--parent folders/N|organizations/N]
                         [--zone ZONE] [--dry-run]

From an empty project to production. Asks for what is not given. Safe to repeat at any point: each run looks at what is
there and goes on. --zone sets the DNS records in that zone of Cloud DNS. --dry-run shows every command and runs none.
`;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: {
    billing: text,
    domain: text,
    'dry-run': { type: 'boolean', default: false },
    email: text,
    environment: { type: 'string', default: 'prod' },
    help: { type: 'boolean', default: false },
    parent: text,
    project: text,
    region: text,
    zone: text,
  },
});

const QUESTIONS = { project: 'Project id?', region: 'Region?', domain: 'Host that clients use?', email: 'Your email?' };
const FALLBACKS: Readonly<Record<string, string>> = { region: 'europe-west1' };

function filesOf(dryRun: boolean): Files {
  return {
    has: (path) => !dryRun && existsSync(join(ROOT, path)),
    read: (path) => readFileSync(join(ROOT, path), 'utf8'),
    write(path, content) {
      log(`writes ${path}`);
      if (dryRun) return;
      mkdirSync(dirname(join(ROOT, path)), { recursive: true });
      writeFileSync(join(ROOT, path), content);
    },
  };
}

async function main(): Promise<number> {
  if (values.help) {
    log(HELP);
    return 0;
  }
  const answers: Record<string, string> = {};
  for (const [name, question] of Object.entries(QUESTIONS)) {
    const given = Object.entries(values).find(([one]) => one === name)?.[1];
    answers[name] = typeof given === 'string' ? given : await ask(question, FALLBACKS[name]);
  }
  const { billing, environment, parent, zone } = values;
  const read = settings.safeParse({ billing, environment, parent, zone, ...answers });
  if (!read.success) {
    for (const { path, message } of read.error.issues) log(`--${path.join('.')} ${message}`);
    log(`\n${HELP}`);
    return 64;
  }
  process.chdir(ROOT);
  const dryRun = values['dry-run'];
  const run = commands(dryRun);
  const steps = createSteps(read.data, {
    run,
    files: filesOf(dryRun),
    pause: dryRun ? async () => undefined : pause,
    log,
  });
  for (const [index, step] of steps.entries()) {
    log(`== ${index + 1}/${steps.length} ${step.name}`);
    try {
      await step.run();
    } catch (error) {
      process.stderr.write(`${step.name}: ${error instanceof Error ? error.message : error}\n`);
      process.stderr.write('Mend that and run the same again: it goes on from here.\n');
      return 1;
    }
  }
  log(await lastWords(read.data, run));
  return 0;
}

process.exitCode = await main();
