import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c, crc32cToBase64 } from '#shared/crypto/crc32c.ts';

const ascii = (text: string) => Buffer.from(text, 'ascii');
const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);

/** RFC 3720 B.4 prints the checksums byte by byte in wire order, least significant first; here they are numbers. */
const rfc3720: readonly [name: string, data: Uint8Array, checksum: number][] = [
  ['32 bytes of zeroes', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 bytes of incrementing 00..1f', ascending, 0x46dd794e],
  ['32 bytes of decrementing 1f..00', ascending.toReversed(), 0x113fdb5c],
  [
    'an iSCSI SCSI Read (10) command PDU',
    Buffer.from(
      '01c000000000000000000000000000001400000000000400000000140000001828000000000000000200000000000000',
      'hex',
    ),
    0xd9963a56,
  ],
];

describe('crc32c', () => {
  it('has the check value of the CRC catalogue for 123456789', () => {
    expect(crc32c(ascii('123456789'))).toBe(0xe3069283);
  });

  it('is 0 for no bytes', () => {
    expect(crc32c(new Uint8Array())).toBe(0);
  });

  it.each(rfc3720)('RFC 3720 B.4: %s', (_name, data, checksum) => {
    expect(crc32c(data)).toBe(checksum);
  });

  it('continues from a previous checksum, wherever the data is cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(), (data, cut) => {
        const at = cut % (data.length + 1);
        expect(crc32c(data.subarray(at), crc32c(data.subarray(0, at)))).toBe(crc32c(data));
      }),
    );
  });

  it('reads a view, not the memory behind it', () => {
    expect(crc32c(ascii('xx123456789xx').subarray(2, 11))).toBe(0xe3069283);
  });
});

describe('crc32cToBase64', () => {
  it.each([
    [0, 'AAAAAA=='],
    [1, 'AAAAAQ=='],
    [0xe3069283, '4waSgw=='],
    [0xffffffff, '/////w=='],
  ])('writes %i big-endian as %s', (checksum, text) => {
    expect(crc32cToBase64(checksum)).toBe(text);
  });
});
