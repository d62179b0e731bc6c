import fc from 'fast-check';
import { expect, it } from 'vitest';
import { canonicalJson } from '#shared/license-format/canonical-json.ts';
import { canonicalValue } from '../../../unit/shared/crypto/canonical-values.ts';
import { pythonJson } from '../../../unit/shared/crypto/python.ts';

it('canonicalJson prints what Python prints, for 10,000 random values', () => {
  const values = fc.sample(canonicalValue, 10_000);
  const printed = pythonJson(values);
  expect(printed.length).toBe(10_000);
  values.forEach((sample, index) => {
    expect(canonicalJson(sample)).toBe(printed[index]);
  });
});
