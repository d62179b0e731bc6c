import fc from 'fast-check';

/**
 * Any Unicode scalar value as a string, so a unit for `fc.string`. It is fast-check's `unit: 'binary'` without the table
 * of a million strings, which takes seconds to build in every process that asks for it.
 */
export const codePoint = fc
  .oneof(fc.integer({ min: 0, max: 0x7f }), fc.integer({ min: 0, max: 0x10_f7ff }))
  .map((index) => String.fromCodePoint(index < 0xd800 ? index : index + 0x800));
