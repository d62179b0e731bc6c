import type { Answer, Play } from './answers.ts';
import type { Query, Request, Write } from './requests.ts';

/** Ways in which a stand-in could be wrong, each between the test and the embedded Firestore, which stays as it is. */
export interface PlantedDifference {
  readonly name: string;
  readonly alter: (play: Play) => Play;
}

const requests =
  (change: (request: Request) => Request) =>
  (play: Play): Play =>
  (request) =>
    play(change(request));

const writes = (change: (write: Write) => Write) =>
  requests((request) => ('writes' in request ? { ...request, writes: request.writes.map(change) } : request));

const queries = (change: (query: Query) => Query) =>
  requests((request) => ('query' in request ? { ...request, query: change(request.query) } : request));

function without<T extends object, K extends keyof T>(object: T, key: K): Omit<T, K> {
  const { [key]: _, ...rest } = object;
  return rest;
}

const OR_EQUAL: Readonly<Record<string, string>> = {
  LESS_THAN: 'LESS_THAN_OR_EQUAL',
  GREATER_THAN: 'GREATER_THAN_OR_EQUAL',
};

export const PLANTED_DIFFERENCES: readonly PlantedDifference[] = [
  {
    name: 'a precondition on existence ignored',
    alter: writes((write) =>
      write.require === 'present' || write.require === 'absent' ? { ...write, require: 'nothing' } : write,
    ),
  },
  {
    name: 'a precondition on the update time taken for one on existence',
    alter: writes((write) => (write.require === 'as it was' ? { ...write, require: 'present' } : write)),
  },
  { name: 'a mask dropped', alter: writes((write) => without(write, 'mask')) },
  {
    name: 'a field that the mask names and the update lacks not deleted',
    alter: writes((write) => {
      const { mask, fields = {} } = write;
      if (mask === undefined) return write;
      return { ...write, mask: mask.filter((path) => path.includes('.') || path in fields) };
    }),
  },
  {
    name: 'a maximum that sets',
    alter: writes(({ transforms, ...write }) =>
      transforms === undefined
        ? write
        : {
            ...write,
            transforms: transforms.map(({ maximum, ...rest }) =>
              maximum === undefined ? rest : { ...rest, minimum: maximum },
            ),
          },
    ),
  },
  {
    name: 'an increment lost',
    alter: writes(({ transforms, ...write }) =>
      transforms === undefined ? write : { ...write, transforms: transforms.filter(({ increment }) => !increment) },
    ),
  },
  {
    name: 'a commit that is not atomic',
    alter: (play) => async (request) => {
      if (request.kind !== 'commit') return play(request);
      const answers: unknown[] = [];
      for (const write of request.writes) {
        const answer: Answer = await play({ kind: 'commit', writes: [write] });
        if (!Array.isArray(answer)) return answer;
        answers.push(...answer);
      }
      return answers;
    },
  },
  {
    name: 'an order reversed',
    alter: queries((query) => ({
      ...query,
      orderBy: query.orderBy.map(([field, descending]) => [field, !descending]),
    })),
  },
  {
    name: 'documents of equal fields in the other order of their names',
    alter: queries((query) => ({
      ...query,
      byName:
        (query.byName ?? (query.orderBy.at(-1)?.[1] ? 'DESCENDING' : 'ASCENDING')) === 'ASCENDING'
          ? 'DESCENDING'
          : 'ASCENDING',
    })),
  },
  {
    name: 'a null in an index: a range that finds nulls',
    alter: (play) => async (request) => {
      const answer = await play(request);
      if (request.kind !== 'query' || request.query.ranges.length === 0) return answer;
      const [field = ''] = request.query.orderBy[0] ?? [];
      const nulls = await play({
        kind: 'query',
        query: {
          ...without(without(request.query, 'start'), 'end'),
          ...{ ranges: [], equal: [[field, { nullValue: 'NULL_VALUE' }]], orderBy: [] },
        },
      });
      return Array.isArray(answer) && Array.isArray(nulls) ? [...nulls, ...answer] : answer;
    },
  },
  {
    name: 'a range that takes its end in',
    alter: queries((query) => ({ ...query, ranges: query.ranges.map(([op, value]) => [OR_EQUAL[op] ?? op, value]) })),
  },
  {
    name: 'a cursor on the wrong side of its document',
    alter: queries((query) =>
      query.start === undefined ? query : { ...query, start: { ...query.start, before: !query.start.before } },
    ),
  },
  { name: 'a limit ignored', alter: queries((query) => without(query, 'limit')) },
  { name: 'a count that leaves the filter out', alter: countAll },
  {
    name: 'integers rounded to doubles',
    alter: writes(({ fields, ...write }) =>
      fields === undefined
        ? write
        : {
            ...write,
            fields: Object.fromEntries(
              Object.entries(fields).map(([name, value]) =>
                'integerValue' in value && Math.abs(Number(value['integerValue'])) < 2 ** 60
                  ? [name, { integerValue: String(Number(value['integerValue'])) }]
                  : [name, value],
              ),
            ),
          },
    ),
  },
];

function countAll(play: Play): Play {
  return (request) =>
    request.kind === 'count' ? play({ ...request, query: { ...request.query, equal: [] } }) : play(request);
}
