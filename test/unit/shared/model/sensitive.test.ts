import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createLogger } from '#shared/logging/cloud-logging.ts';
import { Sensitive } from '#shared/model/sensitive.ts';

const SECRET = 'hunter2';
const secret = new Sensitive({ key: SECRET });

describe('a sensitive value', () => {
  test('is given out by reveal', () => expect(secret.reveal()).toEqual({ key: SECRET }));

  test.each([
    ['JSON', JSON.stringify({ any: { name: [secret] } })],
    ['a template', `${secret}`],
    ['a concatenation', String(secret)],
    ['inspect', inspect({ secret }, { depth: 9, showHidden: true })],
    ['its members', JSON.stringify(Object.entries(secret))],
  ])('is not in %s', (_, text) => expect(text).not.toContain(SECRET));
});

describe('the logger', () => {
  const logged = (fields: Record<string, unknown>) => {
    const lines: string[] = [];
    createLogger('test', (line) => lines.push(line)).log('INFO', 'event', fields);
    return JSON.parse(lines.join('\n'));
  };

  test('redacts by type, under any name and at any depth', () => {
    const cause = Object.assign(new Error('failed', { cause: secret }), { code: 7 });
    expect(logged({ harmless: secret, list: [{ deep: secret }], error: cause })).toMatchObject({
      harmless: '[sensitive]',
      list: [{ deep: '[sensitive]' }],
      error: { message: 'failed', code: 7, cause: '[sensitive]' },
    });
  });

  test.each([Buffer.from(SECRET), new Uint8Array(4), new DataView(new ArrayBuffer(4))])('writes no bytes', (bytes) => {
    expect(logged({ any: [bytes] })['any']).toEqual(['[bytes]']);
  });
});
