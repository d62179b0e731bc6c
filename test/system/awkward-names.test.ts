import { describe, expect, test } from 'vitest';
import { useSuite } from './suite.ts';

const suite = useSuite();

const LICENSES = '/api/v1/licenses';
const terms = { tenant_id: 'demo', tier: 'starter', max_seats: 2, expires_at: null };
const get = async (path: string) => {
  const { status, body } = await suite.send('GET', path, undefined, 'staff');
  expect(status).toBe(200);
  return body;
};

/** Names that languages, databases and our own code give a meaning to. */
const NAMES = [
  ...['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'toJSON', 'valueOf', 'then'],
  ...['__name__', '__a__', '', ' ', '.', '..', 'a.b', 'a/b', '`', '`a`', 'a`.`b', '*', '~', '[', ']', '$ref', '@type'],
  ...['a_at', 'renewed_at', 'expires_at', 'until', 'at', 'before', 'after', 'details', 'key', 'archived', 'seats'],
  ...['😀', 'é', 'e\u0301', '\u0000', '\n', '\u202e', '\ufeff', '0', '-1', '1e3', 'null', 'true', 'İ', 'ß'],
];
const LARGEST = 9007199254740991;
/** Objects are made from text: in an object literal `__proto__` would set the prototype. */
const objectOf = (value: (index: number) => unknown) =>
  JSON.parse(`{${NAMES.map((name, index) => `${JSON.stringify(name)}:${JSON.stringify(value(index))}`).join()}}`);
const plain = () => objectOf((index) => [LARGEST, -LARGEST, true, '😀', 'x', 0][index % 6]);
/** Members with values of every depth, and no more than fifty. */
const nested = () => JSON.parse(JSON.stringify({ a: [[plain()], null, 1.5] }));
/** 4 KiB to the byte, as canonical JSON and as JSON alike. */
const filled = () => {
  const whole = { a_at: LARGEST, toJSON: '', text: '' };
  return { ...whole, text: 'x'.repeat(4096 - JSON.stringify(whole).length) };
};
const LABELS = [...NAMES, 'x'.repeat(200), '😀'.repeat(100), '{"a":1}', '<script>', "'; --", '%00', '../..'];

const same = (found: unknown, sent: unknown) => expect(JSON.stringify(found)).toBe(JSON.stringify(sent));
const ordered = (value: object) => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));

async function expectEverywhere(license_id: string, license_key: string, sent: { features: object; metadata: object }) {
  const license = await get(`${LICENSES}/${license_id}`);
  const listed = (await get(`${LICENSES}?q=${license_id}`))[0];
  const [latest] = await get(`/api/v1/audit?license_id=${license_id}`);
  const recorded = latest.details.after ?? latest.details;
  for (const { features, metadata } of [license, listed, recorded]) {
    same(features, sent.features);
    same(metadata, sent.metadata);
  }
  const seat = await suite.post(`${LICENSES}/acquire`, { license_key, hardware_id: 'm' });
  const { license_data } = seat.body;
  expect(ordered(license_data.features)).toEqual(ordered(sent.features));
  const verdict = await suite.post(`${LICENSES}/verify`, { license_data });
  expect(verdict.body).toMatchObject({ valid: true });
}

describe.each([
  ['names of every kind', plain, nested],
  ['4 KiB', filled, filled],
  ['a list and nothing', () => NAMES.filter((name) => name !== ''), () => ({})],
])('features and metadata: %s', (_what, features, metadata) => {
  test('survive creation, bulk and change, and blind no list and no audit', async () => {
    const sent = { features: features(), metadata: metadata() };
    const created = await suite.post(LICENSES, { ...terms, ...sent }, 'staff');
    expect(created.status).toBe(201);
    same(created.body.features, sent.features);
    await expectEverywhere(created.body.license_id, created.body.license_key, sent);

    const bulk = await suite.post(`${LICENSES}/bulk`, { licenses: [{ ...terms, ...sent }] }, 'staff');
    const [{ license_id, license_key }] = bulk.body.results;
    await expectEverywhere(license_id, license_key, sent);

    const other = (await suite.post(LICENSES, { ...terms, features: { a: 1 }, metadata: { b: 2 } }, 'staff')).body;
    const changed = await suite.send('PATCH', `${LICENSES}/${other.license_id}`, sent, 'staff');
    same(changed.body.features, sent.features);
    await expectEverywhere(other.license_id, other.license_key, sent);
    const back = await suite.send('PATCH', `${LICENSES}/${other.license_id}`, { features: [], metadata: {} }, 'staff');
    expect(back).toMatchObject({ status: 200, body: { features: [], metadata: {} } });
  });
});

test('one byte more than 4 KiB is refused by its name', async () => {
  const more = { ...filled(), b: 1 };
  for (const member of ['features', 'metadata']) {
    const { status, body } = await suite.post(LICENSES, { ...terms, [member]: more }, 'staff');
    expect([status, body.errors[0].path]).toEqual([400, member]);
  }
});

test('labels and references are kept to the character', async () => {
  const licenses = LABELS.map((label) => ({ ...terms, max_seats: 1, label, reference: label }));
  const { body } = await suite.post(`${LICENSES}/bulk`, { licenses }, 'staff');
  same(
    body.results.map(({ label, reference }: { label: string; reference: string }) => [label, reference]),
    LABELS.map((label) => [label, label]),
  );
  for (const [index, label] of LABELS.entries()) {
    if (label === '') continue;
    const found = await get(`${LICENSES}?${new URLSearchParams({ reference: label })}`);
    expect(found.map((one: { license_id: string }) => one.license_id)).toEqual([body.results[index].license_id]);
  }
}, 60_000);

test('labels of keys, too, in the list and in the audit', async () => {
  const { license_id } = await suite.license(1);
  const path = `${LICENSES}/${license_id}/keys`;
  const made = await Promise.all(LABELS.slice(0, 12).map((label) => suite.post(path, { label, keep: true }, 'owner')));
  made.push(...(await Promise.all(LABELS.slice(-8).map((label) => suite.post(path, { label, keep: true }, 'owner')))));
  const listed = new Map(
    (await get(`${path}?limit=100`)).map(({ key, label }: { key: string; label: string }) => [key, label]),
  );
  const audit = await get(`/api/v1/audit?license_id=${license_id}&action=license.create_key&limit=100`);
  expect(audit).toHaveLength(20);
  for (const { status, body } of made) {
    expect(status).toBe(201);
    expect(listed.get(body.key)).toBe(body.label);
    expect(audit.map(({ details }: { details: { label: string } }) => details.label)).toContain(body.label);
  }
});

test('no name changes the names that somebody else sends next', async () => {
  const sign = (name: string) => suite.post(`${LICENSES}/sign`, { payload: { '': 'x', [name]: 1 } }, 'service');
  for (const name of ['\\', 'ü', '\n', '"']) {
    // Its text: the parser of this process may have the fault that the suite must not have.
    const { text } = await sign(name);
    expect(text).toContain(`,${JSON.stringify(name)}:1`);
  }
});
