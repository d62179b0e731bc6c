// Serves a built page and passes the seats' routes on to the licence server, so that both are one origin:
//   COUNTERSIGN_URL=https://licenses.example.com node proxy.mjs dist
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const [folder = 'dist'] = process.argv.slice(2);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const PASSED_ON = /^(\/api\/v1\/licenses\/(acquire|heartbeat|release)|\/\.well-known\/countersign-keys\.json)$/;

async function passOn(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const answer = await fetch(process.env.COUNTERSIGN_URL + request.url, {
    method: request.method,
    headers: { 'content-type': 'application/json' },
    ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
  });
  const headers = { 'content-type': answer.headers.get('content-type') ?? 'application/json' };
  for (const name of ['date', 'retry-after', 'cache-control']) {
    if (answer.headers.has(name)) headers[name] = answer.headers.get(name);
  }
  response.writeHead(answer.status, headers).end(await answer.text());
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://page');
  if (PASSED_ON.test(pathname)) {
    passOn(request, response).catch(() => response.writeHead(502).end());
    return;
  }
  const file = pathname === '/' ? 'index.html' : normalize(decodeURIComponent(pathname));
  const stream = createReadStream(join(folder, file));
  stream.on('error', () => response.writeHead(404).end());
  stream.on('open', () => response.writeHead(200, { 'content-type': TYPES[extname(file)] ?? 'text/plain' }));
  stream.pipe(response);
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
