import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Import, ROOT } from '../sources.ts';

/**
 * Who may import whom. One way through: route → handler → domain → port ← adapter; a function's composition root is
 * the only file of it that names adapters.
 */
export interface Rule {
  readonly name: string;
  readonly broken: (one: Import) => boolean;
}

const within = (path: string, ...folders: readonly string[]) => folders.some((folder) => path.startsWith(`${folder}/`));
const isFile = (path: string) =>
  /\.(tsx?|css|svg|json)$/.test(path) && !path.startsWith('node:') && !path.startsWith('@');
const functionOf = (path: string) => /^functions\/([^/]+)\//.exec(path)?.[1];
/** shared/gcp/ speaks HTTP as a client; that is an adapter's business. */
const isHttp = (to: string) => within(to, 'shared/http') || /^node:https?$/.test(to);
const isGoogleClient = (to: string) =>
  /^(@google-cloud\/|@grpc\/|google-auth-library|google-gax)/.test(to) &&
  !to.startsWith('@google-cloud/functions-framework');

/** `@scope/name` or `name` of an imported package; undefined for a file and for a part of Node. */
const packageOf = (to: string) => (isFile(to) ? undefined : /^(?!node:)(@[^/]+\/[^/]+|[^/]+)/.exec(to)?.[1]);
const { dependencies }: { dependencies: Record<string, string> } = JSON.parse(
  readFileSync(join(ROOT, 'package.json'), 'utf8'),
);

export const RULES: readonly Rule[] = [
  {
    name: 'shared/ imports nothing of the project but shared/',
    broken: ({ from, to }) => within(from, 'shared') && isFile(to) && !within(to, 'shared'),
  },
  {
    name: 'a function imports nothing of another function, nor local/, test/ or bench/',
    broken: ({ from, to }) =>
      within(from, 'functions') &&
      isFile(to) &&
      !within(to, 'shared') &&
      !(within(to, 'functions') && functionOf(to) === functionOf(from)),
  },
  {
    name: "only shared/gcp/ imports Google's clients (and local/, which stands in for Google)",
    broken: ({ from, to }) => within(from, 'shared', 'functions') && !within(from, 'shared/gcp') && isGoogleClient(to),
  },
  {
    name: "only a function's index.ts, or adapters.ts beside it, names adapters",
    broken: ({ from, to }) =>
      within(to, 'shared/gcp') &&
      within(from, 'shared', 'functions', 'client') &&
      !within(from, 'shared/gcp') &&
      !/^functions\/[^/]+\/(index|adapters)\.ts$/.test(from),
  },
  {
    name: 'shared/crypto/ is pure: no I/O, and nothing of the project but shared/model/ and shared/license-format/',
    broken: ({ from, to }) =>
      within(from, 'shared/crypto') &&
      (isFile(to)
        ? !within(to, 'shared/crypto', 'shared/model', 'shared/license-format')
        : /^node:(fs|net|http|https|child_process|dns)/.test(to)),
  },
  {
    name: 'shared/model/, shared/store/ and shared/contract/ know no HTTP server and no adapter',
    broken: ({ from, to }) =>
      within(from, 'shared/model', 'shared/store', 'shared/contract') &&
      (within(to, 'shared/gcp') || to === 'shared/http/server.ts'),
  },
  {
    name: 'the domain knows no HTTP: only index, main, handlers and responses of a function do, and docs, which is a page',
    broken: ({ from, to }) =>
      within(from, 'functions') &&
      !within(from, 'functions/docs') &&
      isHttp(to) &&
      !/^functions\/[^/]+\/([a-z-]+-)?(index|main|handlers|responses?)\.ts$/.test(from),
  },
  {
    name: 'in shared/, only http/, contract/ and gcp/ know HTTP',
    broken: ({ from, to }) =>
      within(from, 'shared') && !within(from, 'shared/http', 'shared/contract', 'shared/gcp') && isHttp(to),
  },
  {
    name: 'shared/store/ imports nothing',
    broken: ({ from, to }) => within(from, 'shared/store') && !within(to, 'shared/store'),
  },
  {
    name: 'shared/license-format/ imports nothing: the suite and the client, for Node and browsers, bundle it',
    broken: ({ from, to }) => within(from, 'shared/license-format') && !within(to, 'shared/license-format'),
  },
  {
    name: 'the client imports nothing of the suite but shared/license-format/, so that the two verifiers stay apart',
    broken: ({ from, to }) =>
      within(from, 'client/src') &&
      (isFile(to) ? !within(to, 'client', 'shared/license-format') : !to.startsWith('node:')),
  },
  {
    name: 'the suite does not import the client',
    broken: ({ from, to }) => within(from, 'shared', 'functions') && within(to, 'client'),
  },
  {
    name: 'shared/concurrency/ imports nothing of the project but shared/model/',
    broken: ({ from, to }) =>
      within(from, 'shared/concurrency') && isFile(to) && !within(to, 'shared/concurrency', 'shared/model'),
  },
  {
    name: 'only shared/http/ knows functions-framework, and bench/, which measures it alone',
    broken: ({ from, to }) =>
      to.startsWith('@google-cloud/functions-framework') && !within(from, 'shared/http', 'bench'),
  },
  {
    name: 'what runs in production is listed under "dependencies" of package.json',
    broken: ({ from, to }) => {
      const name = packageOf(to);
      return within(from, 'shared', 'functions') && name !== undefined && !(name in dependencies);
    },
  },
];
