import { createConfig, lintFromString } from '@redocly/openapi-core';
import { openApiDocument } from '#functions/docs/document/openapi.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { report } from './sources.ts';

/**
 * The generated OpenAPI document against Redocly's recommended rules, warnings included. The library stands in for
 * its command line, which brings ten times the packages and reports its use.
 */
const problems = await lintFromString({
  source: JSON.stringify(openApiDocument(CONTRACT)),
  config: await createConfig({ extends: ['recommended'] }),
});
const faults = problems.map(
  ({ ruleId, message, location: [place] }) => `openapi.json: ${message} (${ruleId}, ${place?.pointer ?? '#'})`,
);
report(`OpenAPI (${Object.values(CONTRACT).flat().length} operations)`, faults);
