// Writes table.txt, what Go's standard library lacks of Unicode, from the tables of the Node.js that runs it:
// `node table.mjs`.
import { writeFileSync } from 'node:fs';

const hex = (text) => [...text].map((character) => character.codePointAt(0).toString(16)).join(' ');
const isHangul = (code) => code >= 0xac00 && code < 0xd7a4; // composed by arithmetic
const all = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => (code < 0xd800 || code > 0xdfff) && !isHangul(code))
  .map((code) => String.fromCodePoint(code));

/** A mark of each canonical combining class that there is: marks are put into the order of their classes. */
const OF_CLASS = new Map(
  Object.entries({
    1: 0x334, 6: 0x16ff0, 7: 0x93c, 8: 0x3099, 9: 0x94d, 10: 0x5b0, 11: 0x5b1, 12: 0x5b2, 13: 0x5b3, 14: 0x5b4,
    15: 0x5b5, 16: 0x5b6, 17: 0x5b7, 18: 0x5b8, 19: 0x5b9, 20: 0x5bb, 21: 0x5bc, 22: 0x5bd, 23: 0x5bf, 24: 0x5c1,
    25: 0x5c2, 26: 0xfb1e, 27: 0x64b, 28: 0x64c, 29: 0x64d, 30: 0x64e, 31: 0x64f, 32: 0x650, 33: 0x651, 34: 0x652,
    35: 0x670, 36: 0x711, 84: 0xc55, 91: 0xc56, 103: 0xe38, 107: 0xe48, 118: 0xeb8, 122: 0xec8, 129: 0xf71, 130: 0xf72,
    132: 0xf74, 200: 0x1dce, 202: 0x321, 214: 0x1dce, 216: 0x31b, 218: 0x302a, 220: 0x316, 222: 0x59a, 224: 0x302e,
    226: 0x1d16d, 228: 0x5ae, 230: 0x300, 232: 0x315, 233: 0x35c, 234: 0x35d, 240: 0x345,
  }).map(([name, code]) => [Number(name), String.fromCodePoint(code)]),
);
OF_CLASS.delete(200); // no character has it

const order = (text) => text.normalize('NFD');
/** The class of a character that decomposes no further; 0 for one that begins a new order. */
function classOf(character) {
  const above = OF_CLASS.get(240);
  const lowest = OF_CLASS.get(1);
  const movesBack = order(above + character) !== above + character;
  if (!movesBack && order(character + lowest) === character + lowest) return character === lowest ? 1 : 0;
  for (const [name, mark] of OF_CLASS) {
    const isBefore = order(mark + character) === character + mark && mark !== character; // its class is lower
    const isBehind = order(character + mark) === mark + character && mark !== character;
    if (!isBefore && !isBehind) return name;
  }
  throw new Error(`the class of ${hex(character)} is unknown`);
}

const decomposed = all.filter((character) => character.normalize('NFKD') !== character);
const whole = new Set(all.filter((character) => character.normalize('NFD') === character));
/** Canonical compositions of two, whose first one may be composed itself. */
const pairs = all.flatMap((character) => {
  const parts = [...character.normalize('NFD')];
  if (parts.length < 2 || character.normalize('NFC') !== character) return [];
  const last = parts.pop();
  const first = parts.join('').normalize('NFC');
  return [...first].length === 1 ? [`${hex(first)} ${hex(last)}=${hex(character)}`] : [];
});
const classes = [...whole].map((character) => [character, classOf(character)]).filter(([, name]) => name > 0);
/** Where a word's capitals are more than one character (SpecialCasing.txt). */
const capitals = all.filter((character) => [...character.toUpperCase()].length > 1);

const lines = [
  `# Unicode ${process.versions.unicode}, written by table.mjs: decompositions`,
  ...decomposed.map((character) => `${hex(character)}=${hex(character.normalize('NFKD'))}`),
  '# compositions',
  ...pairs,
  '# combining classes',
  ...classes.map(([character, name]) => `${hex(character)}=${name}`),
  '# capitals',
  ...capitals.map((character) => `${hex(character)}=${hex(character.toUpperCase())}`),
];
writeFileSync(new URL('table.txt', import.meta.url), `${lines.join('\n')}\n`);
