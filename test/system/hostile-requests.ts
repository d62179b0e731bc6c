import { BODIES, FRAMES, type Frame, framed } from './hostile-frames.ts';
import {
  badAuthorizations,
  CONTENT_TYPES,
  type Draw,
  HEADERS,
  JSON_VALUES,
  METHODS,
  SEGMENTS,
  TEXTS,
} from './hostile-values.ts';

/** A schema of the OpenAPI document, as far as its edges are looked for. */
export interface Schema {
  readonly type?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** One operation with a request that would succeed. */
export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: readonly string[];
  readonly body: Readonly<Record<string, unknown>> | undefined;
  readonly schema: Schema;
}

export interface Hostile {
  /** What was done to the request, for whoever reads that it broke something. */
  readonly what: string;
  readonly method: string;
  readonly bytes: Buffer;
  /** It may be no HTTP any more, so that the server answers barely or not at all. */
  readonly wire: boolean;
  /** Our side closes after the last byte. */
  readonly hangUp: boolean;
}

/** A request on its way to the wire; what is still undefined is written as it should be. */
interface Draft {
  method: string;
  path: string;
  query: string[];
  headers: string[];
  authorization: string | undefined;
  contentType: string | undefined;
  /** JSON as text, by member. */
  members: [string, string][] | undefined;
  raw: Buffer | undefined;
  frame: Frame;
  wire: boolean;
  hangUp: boolean;
}

type Attack = (draft: Draft, draw: Draw, operation: Operation) => string;

const jsonOf = (draft: Draft) =>
  Buffer.from(`{${(draft.members ?? []).map(([k, v]) => `${JSON.stringify(k)}:${v}`).join()}}`);
const bodyOf = (draft: Draft) => draft.raw ?? (draft.members === undefined ? Buffer.alloc(0) : jsonOf(draft));

/** Values at the edges of what a schema allows, and just beyond. As many seats as are allowed take their time: few. */
function edgesOf(schema: Schema, name: string): string[] {
  const lengths = [schema.minLength, schema.maxLength].filter((one) => one !== undefined);
  const numbers = [schema.minimum, ...(name === 'max_seats' ? [] : [schema.maximum])].filter(
    (one) => one !== undefined,
  );
  return [
    ...lengths
      .flatMap((n) => [n - 1, n, n + 1].filter((one) => one >= 0).flatMap((l) => ['a', '😀'].map((c) => c.repeat(l))))
      .map((text) => JSON.stringify(text)),
    ...numbers.flatMap((n) => [n - 1, n, n + 1, n + 0.5]).map(String),
    ...(schema.maximum === undefined ? [] : [String(schema.maximum + 1)]),
    ...(schema.enum ?? []).map((one) => JSON.stringify(String(one).toUpperCase())),
    ...(schema.maxItems === undefined
      ? []
      : [
          `[${Array(schema.maxItems + 1)
            .fill('{}')
            .join()}]`,
        ]),
  ];
}

const inPath = (draft: Draft, draw: Draw): string => {
  const segments = draft.path.split('/');
  const at = 1 + draw.below(segments.length);
  const piece = draw.one(SEGMENTS);
  segments.splice(at, draw.below(2), piece);
  draft.path = segments.join('/');
  return `path with ${piece.slice(0, 30)}`;
};

const ATTACKS: readonly (readonly [weight: number, attack: Attack])[] = [
  [
    2,
    (draft, draw) => {
      draft.method = draw.one(METHODS);
      return `method ${draft.method}`;
    },
  ],
  [2, inPath],
  [
    1,
    (draft, draw) => {
      const forms = [
        `//${draft.path}`,
        `${draft.path}//`,
        `/.${draft.path}`,
        `/x/..${draft.path}`,
        draft.path.toUpperCase(),
        `http://evil.example${draft.path}`,
        `${draft.path};a=b`,
        `${draft.path}%20`,
        `${draft.path}%3f`,
        '*',
        '/',
        '/health',
        `/${'a/'.repeat(3_000)}`,
        `${draft.path}/${'b'.repeat(15_000)}`,
      ];
      draft.path = draw.one(forms);
      draft.wire ||= draft.path.length > 14_000 || !draft.path.startsWith('/');
      return `target ${draft.path.slice(0, 60)}`;
    },
  ],
  [
    3,
    (draft, draw, { params, path }) => {
      const names = Object.keys(params);
      if (names.length === 0) return inPath(draft, draw);
      const name = draw.one(names);
      const value = draw.one(SEGMENTS);
      draft.path = fill(path, { ...params, [name]: '\0' }).replace('%00', () => value);
      return `${name} = ${value.slice(0, 30)}`;
    },
  ],
  [
    2,
    (draft, draw) => {
      const names = [
        'cursor',
        'limit',
        'tenant_id',
        'license_id',
        'session_id',
        'since',
        'a',
        '__proto__',
        'limit[]',
        'constructor[prototype][a]',
      ];
      const values = [
        ...SEGMENTS,
        '1',
        '100',
        '101',
        '0',
        '-1',
        '1.5',
        '1e1',
        '0x10',
        '%2b1',
        '9'.repeat(400),
        '2026-01-01T00:00:00Z',
        '0000-01-01T00:00:00Z',
        '9999-12-31T23:59:59%2b23:59',
        'bGlj',
        Buffer.from('../x').toString('base64url'),
        Buffer.from('__x__').toString('base64url'),
      ];
      const count = draw.chance(0.05) ? 500 : 1 + draw.below(3);
      for (let i = 0; i < count; i += 1)
        draft.query.push(`${draw.one(names)}=${draw.one(values.filter((one) => count < 4 || one.length < 20))}`);
      draft.wire ||= draft.query.join('&').length > 10_000;
      return `query ${draft.query.join('&').slice(0, 80)}`;
    },
  ],
  [
    2,
    (draft, draw) => {
      const line = draw.one(HEADERS);
      draft.headers.push(line);
      return `header ${line.slice(0, 50)}`;
    },
  ],
  [
    2,
    (draft, draw) => {
      const token = draft.authorization?.replace('Bearer ', '') ?? 'a.b.c';
      draft.authorization = draw.one(badAuthorizations(token));
      return `authorization ${draft.authorization.slice(0, 40)}`;
    },
  ],
  [
    6,
    (draft, draw) => {
      if (draft.members === undefined || draft.members.length === 0) draft.members = [['a', '1']];
      const entry = draw.one(draft.members);
      entry[1] = draw.one(JSON_VALUES);
      return `${entry[0]} = ${entry[1].slice(0, 40)}`;
    },
  ],
  [
    4,
    (draft, draw, { schema }) => {
      const edges = Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
        edgesOf(one, name).map((value): [string, string] => [name, value]),
      );
      if (edges.length === 0 || draft.members === undefined) return inPath(draft, draw);
      const [name, value] = draw.one(edges);
      draft.members = [...draft.members.filter(([other]) => other !== name), [name, value]];
      return `edge ${name} = ${value.slice(0, 40)}`;
    },
  ],
  [
    2,
    (draft, draw) => {
      const name = draw.one([
        ...TEXTS.filter((text) => text.length < 400),
        'staff',
        'role',
        'tenant_id',
        'then',
        'toJSON',
        ...(draft.members ?? []).map(([known]) => known),
      ]);
      draft.members = [...(draft.members ?? []), [name, draw.one(JSON_VALUES)]];
      return `another member ${name.slice(0, 30)}`;
    },
  ],
  [
    1,
    (draft, draw) => {
      const gone = draw.below(draft.members?.length ?? 0);
      draft.members?.splice(gone, 1);
      return `without member ${gone}`;
    },
  ],
  [
    3,
    (draft, draw) => {
      const [name, make] = draw.one(Object.entries(BODIES));
      draft.raw = make(bodyOf(draft));
      if (name === 'gzipped' && draw.chance(0.7)) draft.headers.push('Content-Encoding: gzip');
      return `body ${name}`;
    },
  ],
  [
    1,
    (draft, draw) => {
      draft.contentType = draw.one(CONTENT_TYPES);
      return `type ${draft.contentType.slice(0, 40)}`;
    },
  ],
  [
    3,
    (draft, draw) => {
      const [name, frame] = draw.one(Object.entries(FRAMES));
      draft.frame = frame;
      draft.wire = true;
      draft.hangUp = true;
      return name;
    },
  ],
];

const WEIGHTED = ATTACKS.flatMap(([weight, attack]) => Array<Attack>(weight).fill(attack));

export function fill(path: string, params: Readonly<Record<string, string>>): string {
  return Object.entries(params).reduce(
    (text, [name, value]) => text.replace(`{${name}}`, encodeURIComponent(value)),
    path,
  );
}

/** A request that would be good, with one to three things wrong about it. */
export function drawHostile(draw: Draw, operation: Operation, token: string | undefined): Hostile {
  const draft: Draft = {
    method: operation.method,
    path: fill(operation.path, operation.params),
    query: [...operation.query],
    headers: [],
    authorization: token === undefined ? undefined : `Bearer ${token}`,
    contentType: operation.body === undefined ? undefined : 'application/json',
    members:
      operation.body === undefined ? undefined : Object.entries(operation.body).map(([k, v]) => [k, JSON.stringify(v)]),
    raw: undefined,
    frame: framed,
    wire: false,
    hangUp: false,
  };
  const count = 1 + (draw.chance(0.3) ? 1 : 0) + (draw.chance(0.1) ? 1 : 0);
  const done = Array.from({ length: count }, () => draw.one(WEIGHTED)(draft, draw, operation));
  const target = draft.query.length === 0 ? draft.path : `${draft.path}?${draft.query.join('&')}`;
  const lines = [
    `${draft.method} ${target} HTTP/1.1`,
    'Host: countersign.example',
    'Connection: close',
    ...(draft.authorization === undefined ? [] : [`Authorization: ${draft.authorization}`]),
    ...(draft.contentType === undefined ? [] : [`Content-Type: ${draft.contentType}`]),
    ...draft.headers,
  ];
  const bytes = draft.frame(`${lines.join('\r\n')}\r\n`, bodyOf(draft));
  const wire = draft.wire || lines.join().length > 12_000 || /[^\x20-\x7e]/.test(target);
  return { what: `${operation.id}: ${done.join('; ')}`, method: draft.method, bytes, wire, hangUp: draft.hangUp };
}
