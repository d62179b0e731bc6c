import { importsOf, readSources, type SourceFile } from '../sources.ts';
import { findCircles } from './circles.ts';
import { RULES } from './rules.ts';
import { findUnusedExports } from './unused-exports.ts';

const PRODUCT = /^(shared|functions|local|client|scripts)\//;
/** What other programs import: the entries of the client's package and of the worker's. */
const ENTRIES = /^(client\/src\/(index|node|browser)|functions\/task-worker\/package\/main)\.ts$/;

/** Every TypeScript file that can import something of the project. */
export const readProject = (): SourceFile[] =>
  readSources(['{shared,functions,local,client,scripts,bench,test}/**/*.{ts,tsx,mjs}', '*.ts']).filter(
    ({ path }) => !path.includes('/dist/') && !path.includes('node_modules/'),
  );

/** @returns one message for each import, circle and export that breaks a rule */
export function findViolations(files: readonly SourceFile[]): string[] {
  const product = files.filter(({ path }) => PRODUCT.test(path));
  const imports = product.flatMap(importsOf);
  return [
    ...imports.flatMap((one) =>
      RULES.filter(({ broken }) => broken(one)).map(({ name }) => `${one.from} imports ${one.to}: ${name}`),
    ),
    ...findCircles(imports),
    ...findUnusedExports(
      product.filter(({ path }) => !ENTRIES.test(path)),
      files,
    ),
  ];
}
