import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, report } from './sources.ts';
import { readCode } from './terraform/code.ts';
import { checkGenerated, generatedFiles } from './terraform/generated.ts';
import { createReader, readTexts } from './terraform/hcl.ts';
import { renderPipeline } from './terraform/pipeline.ts';
import { checkPatterns } from './terraform/routes.ts';
import { checkRules } from './terraform/rules.ts';

/** What Terraform takes from the code, compared; `--write` writes it. Then the few rules that are policy. */
const folder = join(ROOT, 'terraform');
const pipelineFile = join(ROOT, 'cloudbuild.yaml');
const code = await readCode();
const pipeline = () => renderPipeline(readFileSync(pipelineFile, 'utf8'), Object.keys(code.environment).sort());
if (process.argv.includes('--write')) {
  for (const [file, text] of generatedFiles(code, readTexts(folder))) writeFileSync(join(folder, file), text);
  writeFileSync(pipelineFile, pipeline());
}

function checkPipeline(): string[] {
  if (readFileSync(pipelineFile, 'utf8') === pipeline()) return [];
  return ['cloudbuild.yaml: lists other images than there are functions; run node scripts/check-terraform.ts --write'];
}

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
  ...checkGenerated(code, terraform.texts),
  ...checkPatterns(code.contract),
  ...(await checkRules(code, terraform)),
  ...checkPipeline(),
  ...checkFormat(),
]);
