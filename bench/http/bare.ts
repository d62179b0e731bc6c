/**
 * What a server can do at most that reads JSON and answers JSON: Node's own, and functions-framework's with a function that
 * does nothing else. Both send the headers and the body that they are started with.
 *
 *     node bare.ts node|framework HEADERS BODY
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

const [kind, headersJson = '{}', answerJson = 'null'] = process.argv.slice(2);
const headers: Record<string, string> = JSON.parse(headersJson);
const answer: unknown = JSON.parse(answerJson);

function respond(response: ServerResponse): void {
  const text = JSON.stringify(answer);
  response.writeHead(200, { ...headers, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

function parseAndRespond(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    if (chunks.length > 0) JSON.parse(Buffer.concat(chunks).toString());
    respond(response);
  });
}

/** Loaded here alone, since it patches every event emitter of its process. */
async function frameworkServer() {
  const { http } = await import('@google-cloud/functions-framework');
  const { getTestServer } = await import('@google-cloud/functions-framework/testing');
  http('bare', (_request, response) => respond(response)); // its body parsers have parsed the JSON
  return getTestServer('bare');
}

const server = kind === 'framework' ? await frameworkServer() : createServer(parseAndRespond);
server.listen(Number(process.env['PORT']), '127.0.0.1');
