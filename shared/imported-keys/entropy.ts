/**
 * How hard a key of an older system is to guess, as far as its spelling tells. What looks random may still be made from
 * a counter and a secret that leaked; no estimate sees that.
 */

/** Characters of which a key may be made, smallest set first. */
const ALPHABETS: readonly (readonly [pattern: RegExp, size: number])[] = [
  [/^[0-9]*$/, 10],
  [/^[0-9A-F]*$/, 16],
  [/^[A-Z]*$/, 26],
  [/^[0-9A-Z]*$/, 36],
];
const LARGEST_ALPHABET = 64;

/** A random key of 16 characters has nearly always more than a third as many different ones as its alphabet. */
const UNSEEN = 3;

const ROWS = ['QWERTYUIOP', 'ASDFGHJKL', 'ZXCVBNM'];
const KEYBOARD = [...ROWS, ...ROWS.map((row) => [...row].reverse().join(''))];
/** Characters in a row of which the last ones follow from the first: shorter ones are frequent in random keys. */
const RUN = 4;

/**
 * @param text a canonical spelling: upper-case letters and digits
 * @returns bits: the characters that do not follow from those before them, by the size of their alphabet
 */
export function estimateEntropy(text: string): number {
  const characters = [...text];
  const spelled = ALPHABETS.find(([pattern]) => pattern.test(text))?.[1] ?? LARGEST_ALPHABET;
  const size = Math.min(spelled, UNSEEN * new Set(characters).size);
  const free = characters.filter((_, index) => !isPredictable(characters, index)).length;
  return free * Math.log2(Math.max(1, size));
}

/** Whether a character ends a run (AAAA, 1234, DCBA, QWER) or repeats what the key had before. */
function isPredictable(characters: readonly string[], index: number): boolean {
  if (index < RUN - 1) return false;
  const tail = characters.slice(index - RUN + 1, index + 1);
  const steps = tail.slice(1).map((one, at) => (one.codePointAt(0) ?? 0) - (tail[at]?.codePointAt(0) ?? 0));
  const [step = 0] = steps;
  if (Math.abs(step) <= 1 && steps.every((one) => one === step)) return true;
  const text = tail.join('');
  return KEYBOARD.some((row) => row.includes(text)) || characters.slice(0, index).join('').includes(text);
}
