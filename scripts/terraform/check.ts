import { checkAccess } from './access.ts';
import type { Code } from './code.ts';
import { checkFunctions, without } from './functions.ts';
import { readVariables, type Terraform } from './hcl.ts';
import { checkIndexes } from './indexes.ts';
import { checkRoutes } from './routes.ts';

/** @returns a line for each fault, which says what to do about it */
export async function checkTerraform(code: Code, terraform: Terraform): Promise<string[]> {
  return [
    ...checkRoutes(code, terraform),
    ...checkFunctions(code, terraform),
    ...checkAccess(code, terraform),
    ...checkIndexes(code, terraform),
    ...(await checkEnvironments(terraform)),
  ];
}

/** The examples name no variable that is not there. */
async function checkEnvironments({ texts, variables }: Terraform): Promise<string[]> {
  const files = [...texts].filter(([file]) => file.endsWith('.tfvars'));
  const faults = files.map(async ([file, text]) =>
    without(await readVariables(file, text), variables).map((name) => `terraform/${file}: ${name} is no variable`),
  );
  return (await Promise.all(faults)).flat();
}
