import { FILENAME_PLACEHOLDER } from '#shared/model/object-name.ts';
import { readForm } from './form-data.ts';
import { type Exchange, empty, type Reply } from './http.ts';
import { defined } from './metadata.ts';
import type { StoredObject } from './model.ts';
import { verifyForm } from './post-policy.ts';
import { StorageError } from './storage-error.ts';
import type { XmlApiParts } from './xml-api-parts.ts';

/** An upload by a web page's form, which its policy allows. */
export async function uploadForm(
  { objects, clock, callers, publicKey }: XmlApiParts,
  { headers }: Exchange,
  bucket: string,
  body: AsyncIterable<Buffer>,
): Promise<Reply> {
  const form = await readForm(headers['content-type'] ?? '', body);
  const { fields, file } = form;
  const { email, sizes } = await verifyForm(form, bucket, clock.now(), publicKey);
  const caller = callers.find((known) => known.email === email);
  if (caller === undefined) throw new StorageError('invalid_security');
  const object = await objects.create(
    {
      caller,
      bucket,
      name: (fields.get('key') ?? '').replaceAll(FILENAME_PLACEHOLDER, () => form.filename),
      conditions: {},
      expected: {},
      attributes: attributesOf(fields),
      ...defined({ sizes }),
    },
    file,
  );
  return replyTo(fields, object);
}

function attributesOf(fields: ReadonlyMap<string, string>) {
  const metadata = [...fields].flatMap(([name, value]): [string, string][] =>
    name.startsWith('x-goog-meta-') ? [[name.slice('x-goog-meta-'.length), value]] : [],
  );
  return defined({
    contentType: fields.get('content-type'),
    contentEncoding: fields.get('content-encoding'),
    contentDisposition: fields.get('content-disposition'),
    cacheControl: fields.get('cache-control'),
    metadata: metadata.length === 0 ? undefined : Object.fromEntries(metadata),
  });
}

function replyTo(fields: ReadonlyMap<string, string>, { bucket, name, md5 }: StoredObject): Reply {
  const redirect = fields.get('success_action_redirect');
  if (redirect !== undefined && URL.canParse(redirect)) {
    const location = new URL(redirect);
    for (const [key, value] of Object.entries({ bucket, key: name, etag: md5 })) location.searchParams.set(key, value);
    return empty(303, { location: location.href });
  }
  const status = Number(fields.get('success_action_status'));
  return empty([200, 201].includes(status) ? status : 204);
}
