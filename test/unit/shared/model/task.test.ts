import { expect, test } from 'vitest';
import { isTaskId, newTaskId, taskAssociatedData, taskObject } from '#shared/model/task.ts';

const ID = '6f1c2f5e-0d3c-4f43-9a39-0d9a3c1f7a11';

test('ids are fresh and recognised', () => {
  const ids = Array.from({ length: 100 }, newTaskId);
  expect(new Set(ids).size).toBe(100);
  expect(ids.every(isTaskId)).toBe(true);
});

test.each(['', ID.toUpperCase(), `${ID}/..`, ` ${ID}`, `${ID}\n`, ID.replace('4f43', '5f43')])('%j is none', (text) => {
  expect(isTaskId(text)).toBe(false);
});

test('names and associated data are those of the format', () => {
  expect(taskObject(ID)).toBe(`encrypted-payloads/${ID}.bin`);
  expect(Buffer.from(taskAssociatedData(ID)).toString()).toBe(`countersign/task-payload/v1:${ID}`);
});
