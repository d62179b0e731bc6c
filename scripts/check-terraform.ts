import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, report } from './sources.ts';
import { checkTerraform } from './terraform/check.ts';
import { readCode } from './terraform/code.ts';
import { createReader, readTexts } from './terraform/hcl.ts';
import { render, routeFile } from './terraform/routes.ts';

/** Terraform against code, both ways; `--write` writes terraform/routes.json from the route table. */
const folder = join(ROOT, 'terraform');
const code = await readCode();
if (process.argv.includes('--write')) writeFileSync(join(folder, 'routes.json'), render(routeFile(code.contract)));

/** Terraform's own formatter, where there is Terraform. */
function checkFormat(): string[] {
  const { error, status, stdout } = spawnSync('terraform', ['fmt', '-check', '-recursive', folder], {
    encoding: 'utf8',
  });
  if (error !== undefined) {
    process.stdout.write('terraform fmt: left out, since terraform is not installed\n');
    return [];
  }
  const files = stdout.trim().split('\n').filter(Boolean);
  return status === 0 ? [] : files.map((file) => `${file}: not formatted; run terraform fmt -recursive terraform`);
}

const terraform = await createReader()(readTexts(folder));
report(`terraform (${terraform.resources.length} resources)`, [
  ...(await checkTerraform(code, terraform)),
  ...checkFormat(),
]);
