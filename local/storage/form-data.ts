import { readText } from './http.ts';
import { createSplitter } from './multipart.ts';
import { StorageError } from './storage-error.ts';

/** Bytes of one field or one part's headers. Google limits all fields together to 20 KB. */
const FIELD_LIMIT = 64 * 1024;
const MAX_FIELDS = 100;

export interface Form {
  /** Values by name in lower case, of the fields before the file; those after it are ignored. */
  readonly fields: ReadonlyMap<string, string>;
  /** What the page calls the file. */
  readonly filename: string;
  /** Of the file, to be read once, while it still comes in. */
  readonly file: AsyncIterable<Buffer>;
}

export const isForm = (contentType: string | undefined): boolean => /^multipart\/form-data\b/i.test(contentType ?? '');

/**
 * Reads a form up to its file (RFC 7578).
 * @throws StorageError invalid
 */
export async function readForm(contentType: string, body: AsyncIterable<Buffer>): Promise<Form> {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw new StorageError('invalid', 'Multipart must have a boundary.');
  const delimiter = `\r\n--${boundary}`;
  const upTo = createSplitter(body);
  const text = (until: string) => readText(upTo(until), FIELD_LIMIT);

  const fields = new Map<string, string>();
  await text(delimiter);
  while (fields.size < MAX_FIELDS) {
    const { name, filename } = disposition(await text('\r\n\r\n'));
    if (name === 'file') return { fields, filename: filename ?? '', file: upTo(delimiter) };
    fields.set(name, await text(delimiter));
  }
  throw new StorageError('invalid', 'Too many form fields.');
}

/** Browsers write a quote within a name as %22 (HTML standard, multipart/form-data encoding algorithm). */
function disposition(head: string): { name: string; filename: string | undefined } {
  const [, parameters = ''] = /^content-disposition:\s*form-data\s*;(.*)$/im.exec(head) ?? [];
  const value = (key: string) =>
    new RegExp(`(?:^|;)\\s*${key}="([^"]*)"`, 'i').exec(parameters)?.[1]?.replaceAll('%22', '"');
  const name = value('name')?.toLowerCase();
  if (name === undefined) throw new StorageError('invalid', 'A part of the form has no name, or the form has no file.');
  return { name, filename: value('filename') };
}
