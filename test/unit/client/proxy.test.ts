import { describe, expect, test } from 'vitest';
import { proxyFor } from '../../../client/src/platform/node-proxy.ts';

const URL_OF_SERVER = 'https://licenses.corp.example:8443/api';
const proxyOf = (variables: Record<string, string>, url = URL_OF_SERVER) => proxyFor(url, variables)?.proxy;

describe('which proxy', () => {
  test.each([
    [{}, undefined],
    [{ HTTP_PROXY: 'http://p:1' }, undefined],
    [{ HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    [{ https_proxy: 'http://small:1', HTTPS_PROXY: 'http://p:1' }, 'http://small:1'],
    [{ https_proxy: '', HTTPS_PROXY: 'http://p:1' }, 'http://p:1'],
    [{ HTTPS_PROXY: 'p.corp.example:3128' }, 'http://p.corp.example:3128'],
    [{ HTTPS_PROXY: ' “http://p:1”\r\n' }, 'http://p:1'],
    [{ HTTPS_PROXY: '\u200b' }, undefined],
  ])('%o', (variables, proxy) => {
    expect(proxyOf(variables)).toBe(proxy);
  });

  test('HTTP has its own', () => {
    expect(proxyOf({ HTTP_PROXY: 'http://p:1', HTTPS_PROXY: 'http://q:1' }, 'http://licenses.example')).toBe(
      'http://p:1',
    );
  });
});

describe('what NO_PROXY takes out', () => {
  const isTaken = (NO_PROXY: string, url = URL_OF_SERVER) =>
    proxyOf({ HTTPS_PROXY: 'http://p:1', NO_PROXY }, url) === undefined;

  test.each([
    '*',
    'licenses.corp.example',
    'LICENSES.corp.example',
    'corp.example',
    '.corp.example',
    '*.corp.example',
    'example',
    'a.example, corp.example',
    'a.example corp.example',
    'licenses.corp.example:8443',
    '"corp.example"',
    ',,corp.example,',
  ])('%s', (list) => {
    expect(isTaken(list)).toBe(true);
  });

  test.each([
    '',
    ' ',
    'orp.example',
    'icenses.corp.example',
    'licenses.corp.example:443',
    'corp.example.org',
    'licenses',
  ])('not with %j', (list) => {
    expect(isTaken(list)).toBe(false);
  });

  test('addresses of both kinds, and the port that the scheme has', () => {
    expect(isTaken('10.1.2.3', 'https://10.1.2.3/')).toBe(true);
    expect(isTaken('10.1.2.3:443', 'https://10.1.2.3/')).toBe(true);
    expect(isTaken('::1', 'https://[::1]:8443/')).toBe(true);
    expect(isTaken('[::1]:8443', 'https://[::1]:8443/')).toBe(true);
    expect(isTaken('[::1]:443', 'https://[::1]:8443/')).toBe(false);
  });
});
