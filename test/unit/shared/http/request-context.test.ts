import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { clientIpOf } from '#shared/http/request-context.ts';
import { listening, sendRaw } from './raw-http.ts';

const PEER = '127.0.0.1';

/** The address that a request is taken to come from, by the header `X-Client-Ip`. */
async function addressOf(headers: readonly string[], header: string | undefined = 'X-Client-Ip'): Promise<string> {
  const server = createServer((request, response) => void response.end(clientIpOf(request, header)));
  const lines = headers.map((line) => `${line}\r\n`).join('');
  const { body } = await sendRaw(
    await listening(server),
    `GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n${lines}\r\n`,
  );
  return body;
}

describe('the client’s address', () => {
  it.each([
    ['one value', ['X-Client-Ip: 203.0.113.7'], '203.0.113.7'],
    ['IPv6', ['X-Client-Ip: 2001:db8::7'], '2001:db8::7'],
    ['a client that sends it first', ['X-Client-Ip: 10.0.0.1', 'X-Client-Ip: 203.0.113.7'], '203.0.113.7'],
    [
      'a client that sends it thrice',
      ['X-Client-Ip: 1.1.1.1', 'X-Client-Ip: ', 'X-Client-Ip: 2.2.2.2', 'X-Client-Ip: 203.0.113.7'],
      '203.0.113.7',
    ],
    ['a list', ['X-Client-Ip: 10.0.0.1, 10.0.0.2,203.0.113.7'], '203.0.113.7'],
    ['a list, then the value', ['X-Client-Ip: 10.0.0.1, 10.0.0.2', 'X-Client-Ip: 203.0.113.7'], '203.0.113.7'],
    ['another letter case', ['x-CLIENT-ip: 10.0.0.1', 'X-Client-IP: 203.0.113.7'], '203.0.113.7'],
    ['white space', ['X-Client-Ip: 10.0.0.1 ,\t203.0.113.7 '], '203.0.113.7'],
  ])('is the last: %s', async (_, headers, address) => {
    expect(await addressOf(headers)).toBe(address);
  });

  it.each([
    ['no header', []],
    ['an empty one', ['X-Client-Ip:']],
    ['a comma at its end', ['X-Client-Ip: 203.0.113.7,']],
    ['no address', ['X-Client-Ip: localhost']],
    ['an address with a port', ['X-Client-Ip: 203.0.113.7:80']],
    ['a quoted one', ['X-Client-Ip: "203.0.113.7"']],
    ['another header', ['X_Client_Ip: 203.0.113.7', 'X-Forwarded-For: 203.0.113.7', 'Forwarded: for=203.0.113.7']],
  ])('is the peer’s with %s', async (_, headers) => {
    expect(await addressOf(headers)).toMatch(new RegExp(`^(::ffff:)?${PEER}$`));
  });

  it('is the peer’s without a load balancer, whatever is sent', async () => {
    const header = undefined;
    expect(await addressOf(['X-Client-Ip: 203.0.113.7'], header ?? '')).toContain(PEER);
  });
});
