import { CommandError, commandLine, type Run } from '../release/command.ts';

/** Outputs of Terraform as they will be named; the values are known after an apply. */
const OUTPUTS = {
  builder: '<builder>',
  dashboard: '<dashboard>',
  deployer: '<deployer>',
  project_id: '<project>',
  records: [{ name: '<host>.', type: 'A', data: '<address>' }],
  region: '<region>',
  scheduler_jobs: { 'rotate-keys': '<prefix>-rotate-keys' },
  smoke_secret: '<smoke secret>',
  substitutions: {
    build: { _BUILDS_BUCKET: '<builds bucket>' },
    release: { _RELEASES_BUCKET: '<releases bucket>' },
  },
};

/** Shows each command and runs none. Questions are answered as in an empty project, where everything is to be done. */
export function createDryRun(show: (line: string) => void): Run {
  let asked = 0;
  return async (program, args) => {
    const line = commandLine(program, args);
    show(line);
    const text = args.join(' ');
    if (program === 'terraform' && text.includes('output -json')) {
      return JSON.stringify(Object.fromEntries(Object.entries(OUTPUTS).map(([name, value]) => [name, { value }])));
    }
    if (program === 'terraform' && text.includes('show -json')) return '{"resource_changes": []}';
    if (text.startsWith('auth list')) return 'you@example.com';
    if (text.startsWith('builds submit')) return '<build>';
    if (text.startsWith('billing accounts list')) return '<billing account>';
    // There is no key list yet when it is asked for the first time.
    if (text.startsWith('logging read')) return asked++ === 0 ? '' : '1';
    if (/\bdescribe\b|^storage cat\b/.test(text)) throw new CommandError(line, 'not found');
    return '';
  };
}
