import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { Plugin } from 'esbuild';
import { ROOT } from '../sources.ts';

/** Replacements for package index files, which load every client: each exports only the client that we use. */
const CLIENTS: Readonly<Record<string, string>> = {
  '@google-cloud/firestore-api/build/src/index.js':
    "exports.v1 = { FirestoreClient: require('./v1/firestore_client').FirestoreClient };",
  '@google-cloud/iam-credentials/build/src/index.js':
    "exports.IAMCredentialsClient = require('./v1/i_a_m_credentials_client').IAMCredentialsClient;",
  '@google-cloud/kms/build/src/index.js':
    "exports.KeyManagementServiceClient = require('./v1/key_management_service_client').KeyManagementServiceClient;",
};

/**
 * The client of Cloud Tasks: its package offers an import that needs `import.meta.url`, which a bundle has not, and a require
 * that loads two more versions of the API.
 */
const TASKS_CLIENT = join(ROOT, 'node_modules/@google-cloud/tasks/build/cjs/src/v2/cloud_tasks_client.cjs');

/**
 * Modules that our code loads indirectly and never uses. Message classes: the clients take plain objects and read their
 * protocol from protos.json, and these classes serve only long-running operations, of which we start none. Tables of
 * East Asian encodings: bodies are decoded before a body parser could need them.
 */
const UNUSED =
  /\/google-gax\/build\/protos\/(iam_service|locations|operations)\.js$|\/iconv-lite\/encodings\/tables\/.*\.json$/;

/**
 * Replaces node:domain, in which functions-framework runs a function. Loading it enables hooks on every promise, socket
 * and request, which costs a third of the throughput of cached responses. Our functions answer without the framework's
 * listener (shared/http/framework.ts), so nothing runs in it.
 */
const NO_DOMAIN = 'exports.create = () => ({ on() {}, run: (step) => step() });';

/** What the client reads from files beside it becomes part of the bundle. */
const withJson = (code: string): string =>
  code.replace(
    /\(0, _jsonHelper\.getJSON\)\(_path\["default"\]\.join\(dirname, ((?:'[^']*'(?:, )?)+)\)\)/g,
    (_, parts: string) => `require('./${parts.replaceAll("'", '').split(', ').join('/')}')`,
  );

/** A module that throws on first use, naming what is missing. */
const absent = (name: string) =>
  `module.exports = new Proxy({}, { get(_, member) {
    if (member === '__esModule') return true;
    throw new Error(${JSON.stringify(`${name} is left out of the bundle (scripts/build/left-out.ts) but was used: `)} + String(member));
  } });`;

/** Leaves out of a bundle what its function never runs: two thirds of its size, and a third of its start. */
export const leftOut: Plugin = {
  name: 'left-out',
  setup(build) {
    build.onResolve({ filter: /^@google-cloud\/tasks$/ }, () => ({ path: TASKS_CLIENT }));
    build.onResolve({ filter: /^(node:)?domain$/ }, ({ importer }) =>
      importer.includes('functions-framework') ? { path: 'no-domain', namespace: 'left-out' } : undefined,
    );
    build.onLoad({ filter: /cloud_tasks_client\.cjs$/ }, async ({ path }) => ({
      contents: withJson(await readFile(path, 'utf8')),
      loader: 'js',
    }));
    build.onLoad({ filter: /^no-domain$/, namespace: 'left-out' }, () => ({ contents: NO_DOMAIN, loader: 'js' }));
    build.onLoad({ filter: /node_modules.*(index\.js|protos.*\.js|tables.*\.json)$/ }, ({ path }) => {
      const file = path.split(sep).join('/');
      const name = file.slice(file.lastIndexOf('/node_modules/') + '/node_modules/'.length);
      const client = CLIENTS[name];
      if (client !== undefined) return { contents: client, loader: 'js' };
      return UNUSED.test(file) ? { contents: absent(name), loader: 'js' } : undefined;
    });
  },
};
