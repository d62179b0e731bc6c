import * as z from 'zod';
import { ConfigError } from '../model/config.ts';

/** Whether keys of an older system can be taken over, and what their hashes depend on. */
export const importedKeysConfig = z.object({
  IMPORTED_KEYS: z
    .enum(['on', 'off'])
    .default('off')
    .describe('on: licences may be created with a key of an older system'),
  IMPORTED_KEY_PEPPER: z
    .string()
    .min(32)
    .optional()
    .describe('secret under which keys of an older system are hashed; they are lost with it'),
});

/**
 * The pepper, or undefined when no keys are taken over.
 * @throws ConfigError when they are and there is none
 */
export function pepperOf(config: z.output<typeof importedKeysConfig>): string | undefined {
  if (config.IMPORTED_KEYS === 'off') return undefined;
  if (config.IMPORTED_KEY_PEPPER === undefined) throw new ConfigError(['IMPORTED_KEY_PEPPER: is not set']);
  return config.IMPORTED_KEY_PEPPER;
}
