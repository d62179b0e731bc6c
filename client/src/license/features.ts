import type { ValidLicense } from './result.ts';

/**
 * What a licence says of a feature: true for one that is listed, its value where features carry values.
 * @returns undefined for a feature that the licence does not have
 */
export function featureOf(license: Pick<ValidLicense, 'claims'>, name: string): string | number | boolean | undefined {
  const features: unknown = license.claims['features'];
  if (Array.isArray(features)) return features.includes(name) ? true : undefined;
  if (typeof features !== 'object' || features === null || !Object.hasOwn(features, name)) return undefined;
  const value: unknown = Reflect.get(features, name);
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined;
}

/** Whether a feature is there and not switched off by `false`. */
export function hasFeature(license: Pick<ValidLicense, 'claims'>, name: string): boolean {
  const value = featureOf(license, name);
  return value !== undefined && value !== false;
}
