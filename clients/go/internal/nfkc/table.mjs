// Writes table.txt, what Go's standard library lacks of Unicode, from the tables of the Node.js that runs it:
// `node table.mjs`.
import { writeFileSync } from 'node:fs';

const hex = (text) => [...text].map((character) => character.codePointAt(0).toString(16)).join(' ');
const isHangul = (code) => code >= 0xac00 && code < 0xd7a4; // composed by arithmetic
const all = Array.from({ length: 0x110000 }, (_, code) => code)
  .filter((code) => (code < 0xd800 || code > 0xdfff) && !isHangul(code))
  .map((code) => String.fromCodePoint(code));

/** A mark of each canonical combining class that there is: marks are put into the order of their classes. */
const MARKS =
  '1:334 6:16ff0 7:93c 8:3099 9:94d 10:5b0 11:5b1 12:5b2 13:5b3 14:5b4 15:5b5 16:5b6 17:5b7 18:5b8 19:5b9 ' +
  '20:5bb 21:5bc 22:5bd 23:5bf 24:5c1 25:5c2 26:fb1e 27:64b 28:64c 29:64d 30:64e 31:64f 32:650 33:651 34:652 ' +
  '35:670 36:711 84:c55 91:c56 103:e38 107:e48 118:eb8 122:ec8 129:f71 130:f72 132:f74 202:321 214:1dce ' +
  '216:31b 218:302a 220:316 222:59a 224:302e 226:1d16d 228:5ae 230:300 232:315 233:35c 234:35d 240:345';
const OF_CLASS = new Map(
  MARKS.split(' ').map((pair) => {
    const [name = '', code = ''] = pair.split(':');
    return [Number(name), String.fromCodePoint(Number.parseInt(code, 16))];
  }),
);

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
