import { parseArgs } from 'node:util';
import type { BorrowArguments } from './borrow-command.ts';
import { usageError } from './exit.ts';
import type { HardwareIdArguments } from './hardware-id-command.ts';
import type { HoldArguments } from './hold-command.ts';
import type { KeysArguments } from './keys-command.ts';
import type { RootArguments } from './root-command.ts';
import type { SeatArguments } from './seat-command.ts';
import type { VerifyArguments } from './verify-command.ts';

export type Command =
  | { readonly name: 'help' | 'version' }
  | { readonly name: 'verify'; readonly args: VerifyArguments }
  | { readonly name: 'hold'; readonly args: HoldArguments }
  | { readonly name: 'borrow'; readonly args: BorrowArguments }
  | { readonly name: 'return' | 'status'; readonly args: SeatArguments }
  | { readonly name: 'hardware-id'; readonly args: HardwareIdArguments }
  | { readonly name: 'keys'; readonly args: KeysArguments }
  | { readonly name: 'root'; readonly args: RootArguments };

const text = { type: 'string' } as const;
const flag = { type: 'boolean', default: false } as const;

/** @throws CommandError with what is wrong and where help is */
export function readArguments(argv: readonly string[]): Command {
  const [name, ...rest] = argv;
  const own = rest.slice(0, rest.includes('--') ? rest.indexOf('--') : rest.length);
  if (name === undefined || name === 'help' || [name, ...own].some((one) => one === '--help' || one === '-h')) {
    return { name: 'help' };
  }
  if (name === '--version') return { name: 'version' };
  try {
    switch (name) {
      case 'verify':
        return { name, args: readVerify(rest) };
      case 'hold':
        return { name, args: readHold(rest, own) };
      case 'borrow':
        return { name, args: readBorrow(rest) };
      case 'return':
      case 'status':
        return { name, args: readSeat(parseArgs({ args: rest, options: SEAT_OPTIONS }).values) };
      case 'keys': {
        const { values } = parseArgs({ args: rest, options: { url: text, root: text, pem: text, json: flag } });
        return { name, args: values };
      }
      case 'root': {
        const { values } = parseArgs({ args: rest, options: { url: text, json: flag } });
        return { name, args: values };
      }
      case 'hardware-id': {
        const options = { application: text, product: text, 'hardware-id': text, json: flag };
        const { application, product, json, 'hardware-id': hardwareId } = parseArgs({ args: rest, options }).values;
        return { name, args: { application, product, json, hardwareId } };
      }
      default:
        throw usageError(`There is no command ${name}.`);
    }
  } catch (error) {
    // parseArgs says which option it does not know or misses a value for.
    if (error instanceof TypeError) throw usageError(error.message.replace(/\.? *$/, '.'));
    throw error;
  }
}

function readVerify(rest: string[]): VerifyArguments {
  const { values, positionals } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: {
      root: text,
      keys: text,
      url: text,
      product: text,
      'hardware-id': text,
      feature: { type: 'string', multiple: true, default: [] },
      at: text,
      json: flag,
    },
  });
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw usageError('Give one file to verify, or - for standard input.');
  const { root, keys, url, product, at, json, feature: features } = values;
  return { file, root, keys, url, product, at, json, features, hardwareId: values['hardware-id'] };
}

const SEAT_OPTIONS = {
  url: text,
  'key-file': text,
  'license-file': text,
  product: text,
  application: text,
  'hardware-id': text,
  wait: { type: 'string', default: '0' },
  patience: text,
  root: text,
  keys: text,
  'hide-machine': flag,
  json: flag,
} as const;

type SeatValues = ReturnType<typeof parseArgs<{ options: typeof SEAT_OPTIONS }>>['values'];

function readSeat(values: SeatValues): SeatArguments {
  const { url, product, application, root, keys, json, patience } = values;
  return {
    url,
    product,
    application,
    root,
    keys,
    json,
    keyFile: values['key-file'],
    licenseFile: values['license-file'],
    hardwareId: values['hardware-id'],
    hideMachine: values['hide-machine'],
    wait: seconds('--wait', values.wait),
    patience: patience === undefined ? undefined : seconds('--patience', patience),
  };
}

function readBorrow(rest: string[]): BorrowArguments {
  const { values } = parseArgs({ args: rest, options: { ...SEAT_OPTIONS, days: text } });
  const days = values.days === undefined ? undefined : Number(values.days);
  if (days !== undefined && !(days > 0)) throw usageError('--days takes a number of days.');
  return { ...readSeat(values), days };
}

function readHold(rest: readonly string[], own: readonly string[]): HoldArguments {
  const { values } = parseArgs({
    args: [...own],
    options: {
      ...SEAT_OPTIONS,
      grace: { type: 'string', default: '10' },
      'on-lost': { type: 'string', default: 'terminate' },
    },
  });
  const onLost = values['on-lost'];
  if (onLost !== 'terminate' && onLost !== 'warn') throw usageError('--on-lost is either terminate or warn.');
  return {
    ...readSeat(values),
    onLost,
    grace: seconds('--grace', values.grace),
    command: rest.slice(own.length + 1),
  };
}

function seconds(option: string, value: string): number {
  const number = Number(value);
  if (value.trim() === '' || !(number >= 0)) throw usageError(`${option} takes a number of seconds.`);
  return number;
}
