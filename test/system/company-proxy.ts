/**
 * A forward proxy as companies have it (RFC 9110, sections 7.6 and 9.3.6): CONNECT, absolute requests, Basic
 * authentication. A process of its own; it prints its address, then a line for each request.
 *
 * Settings: PROXY_USER `name:password` asks for that; PROXY_MODE is `pass`, `forbid` (403 to everything), `portal` (a
 * sign-in page for everything) or `broken` (502, the server cannot be found).
 */
import { createServer, type IncomingMessage, request as send } from 'node:http';
import { connect, type Socket } from 'node:net';

const { PROXY_USER: user, PROXY_MODE: mode = 'pass' } = process.env;

const REFUSALS: Readonly<Record<string, readonly [status: number, body: string]>> = {
  forbid: [403, '<html>This address is blocked by the company.</html>'],
  portal: [200, '<html><form>Sign in to this network</form></html>'],
  broken: [502, '<html>The host cannot be found.</html>'],
};

function refusal({ headers }: IncomingMessage): readonly [status: number, body: string] | undefined {
  const wanted = user === undefined ? undefined : `Basic ${Buffer.from(user).toString('base64')}`;
  if (wanted !== undefined && headers['proxy-authorization'] !== wanted) return [407, '<html>Who are you?</html>'];
  return REFUSALS[mode];
}

const proxy = createServer((incoming, outgoing) => {
  const refused = refusal(incoming);
  console.log(incoming.method, incoming.url, refused?.[0] ?? 'passed');
  if (refused !== undefined) {
    const headers = { 'content-type': 'text/html', 'proxy-authenticate': 'Basic realm="company"' };
    outgoing.writeHead(refused[0], headers).end(refused[1]);
    return;
  }
  const { method = 'GET', url = '', headers } = incoming;
  const passed = send(url, { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  passed.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(passed);
});

proxy.on('connect', (incoming: IncomingMessage, client: Socket) => {
  const refused = refusal(incoming);
  console.log('CONNECT', incoming.url, refused?.[0] ?? 'passed');
  client.on('error', () => undefined);
  if (refused !== undefined && refused[0] !== 200) {
    client.end(`HTTP/1.1 ${refused[0]} No\r\nProxy-Authenticate: Basic realm="company"\r\nContent-Length: 0\r\n\r\n`);
    return;
  }
  client.write('HTTP/1.1 200 Connection established\r\n\r\n');
  // A sign-in page speaks no TLS. It comes after its head: what comes with that, Node takes for part of it and drops.
  if (refused !== undefined) {
    client.write('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n');
    return void setTimeout(() => client.write(refused[1]), 300);
  }
  const { hostname, port } = new URL(`http://${incoming.url}`);
  const server = connect(Number(port || 443), hostname);
  server.on('error', () => client.destroy());
  client.pipe(server).pipe(client);
});

proxy.listen(0, '127.0.0.1', () => {
  const address = proxy.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : ''}`);
});
