import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { EmbeddedFirestore } from '#local/firestore/embedded/start.ts';
import { DOCUMENTS, open, start } from './embedded.ts';

describe('REST', () => {
  const listing = z.object({ documents: z.array(z.unknown()), nextPageToken: z.string() });
  const url = (firestore: EmbeddedFirestore, below: string) => `http://${firestore.host}/v1/${DOCUMENTS}/${below}`;

  test('creates, gets and lists documents, with every kind of value', async () => {
    const firestore = await start();
    const fields = {
      n: { nullValue: null },
      i: { integerValue: '9223372036854775807' },
      d: { doubleValue: 0.5 },
      t: { timestampValue: '2026-11-26T00:00:00.000001Z' },
      b: { bytesValue: 'AAE=' },
      a: { arrayValue: { values: [{ booleanValue: true }] } },
      m: { mapValue: { fields: { s: { stringValue: 'ü' } } } },
      r: { referenceValue: `${DOCUMENTS}/things/b` },
      g: { geoPointValue: { latitude: 1, longitude: -1 } },
    };
    const post = (body: string) => fetch(url(firestore, 'things?documentId=a'), { method: 'POST', body });
    const created = await post(JSON.stringify({ fields }));
    expect([created.status, await created.json()]).toMatchObject([200, { name: `${DOCUMENTS}/things/a`, fields }]);
    expect((await post(JSON.stringify({ fields }))).status).toBe(409);
    expect((await post('{"fields": {"f": {"stringValue": 1}}}')).status).toBe(400);
    expect(await (await fetch(url(firestore, 'things/a'))).json()).toMatchObject({ fields });
    expect(await (await fetch(url(firestore, 'things'))).json()).toMatchObject({ documents: [{ fields }] });
    expect((await fetch(url(firestore, 'things/none'))).status).toBe(404);
    expect((await fetch(url(firestore, 'things/a'), { method: 'PATCH' })).status).toBe(400);
    expect((await fetch(url(firestore, 'things/a'), { method: 'DELETE' })).status).toBe(501);
  });

  test('lists page by page', async () => {
    const firestore = await start();
    const store = open(firestore);
    await store.commit(['a', 'b', 'c'].map((id) => ({ op: 'create', path: `things/${id}`, fields: {} })));
    const page = async (token: string) => {
      const response = await fetch(url(firestore, `things?pageSize=2&pageToken=${token}`));
      const { documents, nextPageToken } = listing.parse(await response.json());
      return [documents.length, nextPageToken];
    };
    expect(await page('')).toEqual([2, 'b']);
    expect(await page('b')).toEqual([1, '']);
  });
});
