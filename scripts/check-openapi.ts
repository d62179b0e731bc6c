import { createConfig, lintFromString } from '@redocly/openapi-core';
import { openApiDocument } from '#functions/docs/document/openapi.ts';
import { CONTRACT } from '#shared/contract/index.ts';
import { report } from './sources.ts';

/**
 * The generated OpenAPI document against Redocly's recommended rules, warnings included. The library is used
 * instead of the command line, which has ten times as many packages and sends telemetry.
 */
const problems = await lintFromString({
  source: JSON.stringify(openApiDocument(CONTRACT)),
  config: await createConfig({ extends: ['recommended'] }),
});
const faults = problems.map(
  ({ ruleId, message, location: [place] }) => `openapi.json: ${message} (${ruleId}, ${place?.pointer ?? '#'})`,
);
report(`OpenAPI (${Object.values(CONTRACT).flat().length} operations)`, faults);
