import { expect, test } from 'vitest';
import { readMessage, writeMessages } from '#local/grpc/frames.ts';

const bytes = (...values: number[]) => Buffer.from(values);

test('a message is read in whatever pieces it arrives', () => {
  const body = writeMessages([bytes(1, 2, 3)]);
  expect(body).toEqual(bytes(0, 0, 0, 0, 3, 1, 2, 3));
  for (let cut = 0; cut <= body.length; cut += 1) {
    expect(readMessage([body.subarray(0, cut), body.subarray(cut)])).toEqual(bytes(1, 2, 3));
  }
  expect(readMessage([writeMessages([bytes()])])).toEqual(bytes());
});

test('messages of an answer follow each other, each with its length', () => {
  expect(writeMessages([bytes(7), bytes(), bytes(8, 9)])).toEqual(
    bytes(...[0, 0, 0, 0, 1, 7], ...[0, 0, 0, 0, 0], ...[0, 0, 0, 0, 2, 8, 9]),
  );
  expect(writeMessages([])).toEqual(bytes());
});

test.each([
  ['nothing', bytes(), 'INVALID_ARGUMENT'],
  ['half a prefix', bytes(0, 0, 0), 'INVALID_ARGUMENT'],
  ['less than its length', bytes(0, 0, 0, 0, 2, 1), 'INVALID_ARGUMENT'],
  ['two messages', writeMessages([bytes(1), bytes(2)]), 'INVALID_ARGUMENT'],
  ['a compressed message', bytes(1, 0, 0, 0, 1, 1), 'UNIMPLEMENTED'],
])('%s is refused', (_, body, code) => {
  expect(() => readMessage([body])).toThrow(expect.objectContaining({ code }));
});
