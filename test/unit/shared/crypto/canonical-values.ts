import fc from 'fast-check';
import { codePoint } from '../../code-point.ts';

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: codePoint }),
  fc.string({
    unit: fc.constantFrom('\u0000', '\u001f', '\u007f', '\u0080', '"', '\\', '/', 'ü', '\uffff', '\u{1f600}'),
  }),
);
/** `__proto__` apart, which an object literal would take for its prototype. */
export const memberName = text.filter((key) => key !== '__proto__');
/** Any value that has a canonical form. */
export const { value: canonicalValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(text, fc.maxSafeInteger(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(memberName, tie('value'), { maxKeys: 6 }),
  ),
}));
