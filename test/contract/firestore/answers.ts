import { v1 } from '@google-cloud/firestore-api';
import { endpointOptions, sendOnce, statusOf } from '#shared/gcp/grpc.ts';
import type { Query, Request, Require, Write } from './requests.ts';

/** What a Firestore answers, with times by the order in which they were first seen. */
export type Answer = unknown;

/** One Firestore as a sequence of requests meets it. */
export type Play = (request: Request) => Promise<Answer>;

export interface Connection {
  /** Below a document of its own, so that it meets nothing of other sequences. */
  begin(): Play;
  close(): Promise<void>;
}

interface Time {
  readonly seconds: unknown;
  readonly nanos: number;
}

const TIMEOUT = 20_000;

export function connect(host: string, projectId: string): Connection {
  const client = new v1.FirestoreClient({ projectId, ...endpointOptions(host) });
  const options = { ...sendOnce(TIMEOUT), otherArgs: { headers: { authorization: 'Bearer owner' } } };
  const database = `projects/${projectId}/databases/(default)`;
  let sequence = 0;

  return {
    begin() {
      sequence += 1;
      const root = `${database}/documents/runs/${sequence}`;
      const seen = createSeen();
      const written = (writes: readonly Write[]) => writes.map((write) => toWrite(root, write, seen));
      const note = (writes: readonly Write[], results: readonly { updateTime?: Time | null }[] | null | undefined) =>
        results?.forEach((result, index) => {
          const path = writes[index]?.path;
          if (path !== undefined && result.updateTime) seen.note(`${root}/${path}`, result.updateTime);
        });

      async function send(request: Request): Promise<unknown> {
        switch (request.kind) {
          case 'commit': {
            const [answer] = await client.commit({ database, writes: written(request.writes) }, options);
            note(request.writes, answer.writeResults as { updateTime?: Time }[]);
            return answer.writeResults;
          }
          case 'batch': {
            const [answer] = await client.batchWrite({ database, writes: written(request.writes) }, options);
            note(request.writes, answer.writeResults as { updateTime?: Time }[]);
            return { results: answer.writeResults, codes: answer.status?.map(({ code }) => code) };
          }
          case 'get': {
            const documents = request.paths.map((path) => `${root}/${path}`);
            const mask = request.mask === undefined ? {} : { mask: { fieldPaths: [...request.mask] } };
            const answers = await collect(client.batchGetDocuments({ database, documents, ...mask }, options));
            // The answers come in any order.
            return answers.map(({ found, missing }) => found ?? missing).toSorted(byName);
          }
          case 'query': {
            const structuredQuery = toQuery(request.query);
            const answers = await collect(
              client.runQuery({ parent: parentOf(root, request.query), structuredQuery }, options),
            );
            return answers.flatMap(({ document }) => (document ? [document] : []));
          }
          case 'count': {
            const structuredAggregationQuery = {
              structuredQuery: toQuery(request.query),
              aggregations: [{ alias: 'count', count: {} }],
            };
            const parent = parentOf(root, request.query);
            const answers = await collect(client.runAggregationQuery({ parent, structuredAggregationQuery }, options));
            return answers.map(({ result }) => result);
          }
          default:
            return request satisfies never;
        }
      }

      return async (request) => {
        try {
          return normal(await send(request), `${root}/`, seen);
        } catch (error) {
          return { code: statusOf(error) };
        }
      };
    },
    close: () => client.close(),
  };
}

async function collect(stream: AsyncIterable<Record<string, unknown>> | unknown): Promise<Record<string, unknown>[]> {
  const all: Record<string, unknown>[] = [];
  for await (const one of stream as AsyncIterable<Record<string, unknown>>) all.push(one);
  return all;
}

const nameOf = (one: unknown) => (typeof one === 'string' ? one : String((one as { name: unknown }).name));
const byName = (a: unknown, b: unknown) => (nameOf(a) < nameOf(b) ? -1 : 1);

/** The update times that were answered, by document, and in the order of their first appearance. */
function createSeen() {
  const byDocument = new Map<string, Time[]>();
  const order = new Map<string, number>();
  return {
    note(name: string, time: Time) {
      const times = byDocument.get(name) ?? [];
      byDocument.set(name, [...times, time]);
    },
    last: (name: string) => byDocument.get(name)?.at(-1),
    first: (name: string) => byDocument.get(name)?.at(0),
    place({ seconds, nanos }: Time): number {
      const key = `${seconds}.${nanos}`;
      const place = order.get(key) ?? order.size;
      order.set(key, place);
      return place;
    },
  };
}

type Seen = ReturnType<typeof createSeen>;

/** Names without what differs, times as their place, no time of reading, and of protobuf's members those that are set. */
function normal(answer: unknown, root: string, seen: Seen): unknown {
  if (typeof answer === 'string') return answer.startsWith(root) ? answer.slice(root.length) : answer;
  if (typeof answer === 'number') return Object.is(answer, -0) ? '-0' : String(answer);
  if (answer instanceof Uint8Array) return `bytes ${Buffer.from(answer).toString('hex')}`;
  if (Array.isArray(answer)) return answer.map((one) => normal(one, root, seen));
  if (typeof answer !== 'object' || answer === null) return answer;
  const entries = Object.entries(answer)
    .filter(([name, value]) => value !== null && name !== 'readTime' && name !== 'valueType')
    .map(([name, value]): [string, unknown] =>
      name === 'updateTime' || name === 'createTime'
        ? [name, `time ${seen.place(value)}`]
        : [name, normal(value, root, seen)],
    );
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const NEVER: Time = { seconds: 1, nanos: 0 };

function preconditionOf(name: string, require: Require, seen: Seen) {
  switch (require) {
    case 'nothing':
      return {};
    case 'present':
      return { currentDocument: { exists: true } };
    case 'absent':
      return { currentDocument: { exists: false } };
    case 'as it is':
      return { currentDocument: { updateTime: seen.last(name) ?? NEVER } };
    case 'as it was':
      return { currentDocument: { updateTime: seen.first(name) ?? NEVER } };
    default:
      return require satisfies never;
  }
}

function toWrite(root: string, { path, require, fields, mask, transforms }: Write, seen: Seen) {
  const name = `${root}/${path}`;
  const precondition = preconditionOf(name, require, seen);
  if (fields === undefined) return { delete: name, ...precondition };
  return {
    update: { name, fields },
    ...(mask === undefined ? {} : { updateMask: { fieldPaths: [...mask] } }),
    ...(transforms === undefined ? {} : { updateTransforms: [...transforms] }),
    ...precondition,
  } as object;
}

const parentOf = (root: string, { collection }: Query) => {
  const cut = collection.lastIndexOf('/');
  return cut < 0 ? root : `${root}/${collection.slice(0, cut)}`;
};

function toQuery(query: Query): object {
  const { collection, equal, ranges, orderBy, byName: name, limit, offset, start, end, select } = query;
  const [ranged] = orderBy[0] ?? [];
  const filters = [
    ...equal.map(([field, value]) => equality(field, value)),
    ...ranges.map(([op, value]) => ({ fieldFilter: { field: { fieldPath: ranged }, op, value } })),
  ];
  const orders = orderBy.map(([fieldPath, descending]) => ({
    field: { fieldPath },
    direction: descending ? 'DESCENDING' : 'ASCENDING',
  }));
  return {
    from: [{ collectionId: collection.slice(collection.lastIndexOf('/') + 1) }],
    ...(filters.length === 0 ? {} : { where: { compositeFilter: { op: 'AND', filters } } }),
    orderBy: name === undefined ? orders : [...orders, { field: { fieldPath: '__name__' }, direction: name }],
    ...(limit === undefined ? {} : { limit: { value: limit } }),
    offset,
    ...(start === undefined ? {} : { startAt: start }),
    ...(end === undefined ? {} : { endAt: end }),
    ...(select === undefined ? {} : { select: { fields: select.map((fieldPath) => ({ fieldPath })) } }),
  };
}

function equality(fieldPath: string, value: Readonly<Record<string, unknown>>) {
  const field = { fieldPath };
  if ('nullValue' in value) return { unaryFilter: { field, op: 'IS_NULL' } };
  if (Number.isNaN(value['doubleValue'])) return { unaryFilter: { field, op: 'IS_NAN' } };
  return { fieldFilter: { field, op: 'EQUAL', value } };
}
