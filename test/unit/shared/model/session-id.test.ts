import { describe, expect, it } from 'vitest';
import { parseLicenseKey } from '#shared/license-format/license-key.ts';
import { newLicenseKey } from '#shared/model/license-key.ts';
import {
  deriveSessionName,
  handleOf,
  isHandle,
  licenseOfSession,
  machineId,
  newSessionName,
} from '#shared/model/session-id.ts';

const key = newLicenseKey('lic_0123456789ab', (size) => Uint8Array.from({ length: size }, (_, index) => index));
const NONCE = 'AAAAAAAAAAAAAAAAAAAAAA';
/** Computed with openssl dgst -hmac and sha256sum. */
const SESSION_ID = 'lic_0123456789ab.U8dL1584qRc3_5Kdde31Atg2TUSub5sYxlcpLGwTc5o';
const HANDLE = '956044fb6cf0d99662a42f26ef8ab52b5477dffcb4da8ddc94c4efa561a98a1f';

describe('deriveSessionName', () => {
  it('is HMAC-SHA-256 of the nonce under the licence key', () => {
    expect(key.text).toBe('CS-01234-56789-AB012-34567-89ABC-DEFGH-JKMNP-QRST5');
    expect(deriveSessionName(key, NONCE)).toEqual({ sessionId: SESSION_ID, handle: HANDLE, nonce: NONCE });
  });

  it('gives a machine that asks again the same id, however it types its key', () => {
    const name = newSessionName(key);
    const retyped = parseLicenseKey(key.text.toLowerCase().replaceAll('-', ''));
    expect(retyped && deriveSessionName(retyped, name.nonce)).toEqual(name);
  });

  it('gives another id for another key or another nonce', () => {
    const others = [
      deriveSessionName(newLicenseKey(key.licenseId), NONCE),
      deriveSessionName(key, 'AAAAAAAAAAAAAAAAAAAAAQ'),
    ];
    for (const other of others) expect(other.sessionId).not.toBe(SESSION_ID);
  });
});

describe('newSessionName', () => {
  it('draws 128 random bits for each attempt', () => {
    const names = Array.from({ length: 100 }, () => newSessionName(key));
    expect(new Set(names.map(({ handle }) => handle)).size).toBe(100);
    expect(names.every(({ nonce }) => Buffer.from(nonce, 'base64url').length === 16)).toBe(true);
  });
});

describe('handleOf and isHandle', () => {
  it('make and know a handle, which a session id is not', () => {
    expect(handleOf(SESSION_ID)).toBe(HANDLE);
    expect(isHandle(HANDLE)).toBe(true);
    for (const text of [SESSION_ID, HANDLE.toUpperCase(), HANDLE.slice(1), `${HANDLE}0`, `${HANDLE}\n`, '']) {
      expect(isHandle(text)).toBe(false);
    }
  });
});

describe('licenseOfSession', () => {
  it('reads the licence', () => {
    expect(licenseOfSession(SESSION_ID)).toBe('lic_0123456789ab');
  });

  it.each([
    [''],
    ['.'],
    ['lic_0123456789ab'],
    ['lic_0123456789ab.'],
    [SESSION_ID.slice(0, -1)],
    [`${SESSION_ID}A`],
    [`${SESSION_ID}.`],
    [`${SESSION_ID}\n`],
    [SESSION_ID.toUpperCase()],
    [SESSION_ID.replace('lic_0', 'lic_/')],
    [SESSION_ID.replace(/.$/, '/')],
    [` ${SESSION_ID}`],
  ])('refuses %j', (text) => {
    expect(licenseOfSession(text)).toBe(undefined);
  });
});

describe('machineId', () => {
  it('is bound to the licence', () => {
    expect(machineId('lic_0123456789ab', 'machine-1')).toBe(
      '16370ec91b660e5d2e8c9540eea77c1e484c6218a67f0bbacc2f35b959fd1ff7',
    );
    expect(machineId('lic_0123456789ac', 'machine-1')).not.toBe(machineId('lic_0123456789ab', 'machine-1'));
  });
});
