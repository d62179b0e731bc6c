"""RSASSA-PKCS1-v1_5 with SHA-256, and what is not quite it (RFC 8017, sections 8.2 and 9.2). Keys come from openssl."""
import base64, hashlib, subprocess

SHA256 = bytes.fromhex('3031300d060960864801650304020105000420')


def _integers(der):
    """The INTEGERs of a PKCS#1 private key, in order: version, n, e, d, …"""
    def length(at):
        first = der[at]
        if first < 128:
            return first, at + 1
        size = first & 127
        return int.from_bytes(der[at + 1:at + 1 + size], 'big'), at + 1 + size
    at, found = length(1)[1], []
    while at < len(der):
        size, at = length(at + 1)
        found.append(int.from_bytes(der[at:at + size], 'big'))
        at += size
    return found


def openssl(*arguments, data=b''):
    return subprocess.run(['openssl', *arguments], input=data, capture_output=True, check=True).stdout


class Key:
    def __init__(self, bits, e=65537):
        self.pem = openssl('genpkey', '-algorithm', 'RSA', '-pkeyopt', f'rsa_keygen_bits:{bits}', '-pkeyopt', f'rsa_keygen_pubexp:{e}')
        _, self.n, self.e, self.d, *_ = _integers(openssl('rsa', '-traditional', '-outform', 'DER', data=self.pem))
        self.bits, self.size = bits, bits // 8
        self.public_pem = openssl('pkey', '-pubout', data=self.pem).decode()

    def raw(self, encoded):
        return pow(int.from_bytes(encoded, 'big'), self.d, self.n).to_bytes(self.size, 'big')

    def sign(self, message):
        return self.raw(pad(SHA256 + hashlib.sha256(message).digest(), self.size))

    def described(self):
        number = lambda n: n.to_bytes((n.bit_length() + 7) // 8, 'big')
        url = lambda n: base64.urlsafe_b64encode(number(n)).rstrip(b'=').decode()
        return dict(keySize=self.bits, sha='SHA-256', publicKeyPem=self.public_pem,
                    publicKey=dict(modulus=number(self.n).hex(), publicExponent=number(self.e).hex()),
                    keyJwk=dict(kty='RSA', n=url(self.n), e=url(self.e)))


def pad(info, size, start=b'\x00\x01', fill=b'\xff', gap=b'\x00', tail=b''):
    return start + fill * (size - len(start) - len(gap) - len(info) - len(tail)) + gap + info + tail


def verdict(case, group):
    """RFC 8017, section 8.2.2: encode anew and compare."""
    size = group['keySize'] // 8
    n, e = [int(group['publicKey'][name], 16) for name in ('modulus', 'publicExponent')]
    signature = bytes.fromhex(case['sig'])
    number = int.from_bytes(signature, 'big')
    if len(signature) != size or number >= n:
        return 'invalid'
    expected = pad(SHA256 + hashlib.sha256(bytes.fromhex(case['msg'])).digest(), size)
    return 'valid' if pow(number, e, n).to_bytes(size, 'big') == expected else 'invalid'


def groups():
    key, stranger = Key(4096), Key(4096)
    message = b'{"license_id":"lic_1"}'
    digest = hashlib.sha256(message).digest()
    good, info, size = key.sign(message), SHA256 + digest, key.size
    cases = []
    add = lambda comment, sig, result='invalid', msg=message: cases.append(dict(comment=comment, msg=msg.hex(), sig=sig.hex(), result=result))

    for name, msg in (('empty', b''), ('one byte', b'a'), ('short', message), ('UTF-8', 'Zoë 🦊'.encode()), ('a kilobyte', b'x' * 1024), ('zeros', bytes(20))):
        add(f'message: {name}', key.sign(msg), 'valid', msg)
    add('another message', good, msg=message + b' ')
    add('signature of another key', stranger.sign(message))
    # DigestInfo
    add('DigestInfo without its NULL', key.raw(pad(bytes.fromhex('302f300b0609608648016503040201') + b'\x04\x20' + digest, size)), 'acceptable')
    add('digest without DigestInfo', key.raw(pad(digest, size)))
    add('long-form length of the sequence', key.raw(pad(bytes.fromhex('308131300d060960864801650304020105000420') + digest, size)))
    add('long-form length of the digest', key.raw(pad(bytes.fromhex('3032300d06096086480165030402010500048120') + digest, size)))
    add('BER: indefinite length', key.raw(pad(bytes.fromhex('3080300d060960864801650304020105000420') + digest + bytes(2), size)))
    add('parameters that are no NULL', key.raw(pad(bytes.fromhex('3031300d060960864801650304020105010420') + digest, size)))
    add('named SHA-512', key.raw(pad(bytes.fromhex('3031300d060960864801650304020305000420') + digest, size)))
    add('named SHA-1', key.raw(pad(bytes.fromhex('302d300906052b0e03021a05000420') + digest, size)))
    add('SHA-512 in earnest', key.raw(pad(bytes.fromhex('3051300d060960864801650304020305000440') + hashlib.sha512(message).digest(), size)))
    add('digest a byte short', key.raw(pad(bytes.fromhex('3030300d06096086480165030402010500041f') + digest[:-1], size)))
    add('digest flipped in its last bit', key.raw(pad(info[:-1] + bytes([info[-1] ^ 1]), size)))
    # Padding
    add('block type 0', key.raw(pad(info, size, start=b'\x00\x00')))
    add('block type 2', key.raw(pad(info, size, start=b'\x00\x02')))
    add('first byte 1', key.raw(pad(info, size, start=b'\x01\x01')) if int.from_bytes(b'\x01\x01', 'big') < key.n >> (key.bits - 16) else bytes(size))
    add('padding of zeros', key.raw(pad(info, size, fill=b'\x00')))
    add('padding of 0xfe', key.raw(pad(info, size, fill=b'\xfe')))
    add('no zero behind the padding', key.raw(pad(info, size, gap=b'')))
    add('0x01 behind the padding', key.raw(pad(info, size, gap=b'\x01')))
    add('eight bytes of padding, and rubbish at the end', key.raw(b'\x00\x01' + b'\xff' * 8 + b'\x00' + info + b'\xaa' * (size - 11 - len(info))))
    add('a byte of rubbish at the end', key.raw(pad(info, size, tail=b'\x00')))
    add('no padding', key.raw(bytes(size - len(info)) + info))
    # The number
    number = int.from_bytes(good, 'big')
    for name, value in (('0', 0), ('1', 1), ('n - 1', key.n - 1), ('n', key.n), ('n - s', key.n - number)):
        add(f'the number {name}', value.to_bytes(size, 'big'))
    add('s + n', (number + key.n).to_bytes(size + 1, 'big'))
    add('all bits', b'\xff' * size)
    add('empty', b'')
    add('a byte short', good[:-1])
    add('without its first byte', good[1:])
    add('a zero in front', b'\x00' + good)
    add('a zero behind', good + b'\x00')
    add('bytes in reverse', good[::-1])
    add('as hexadecimal text', good.hex().encode())
    for bit in (0, 1, 2048, 4000, 4095):
        changed = bytearray(good)
        changed[bit // 8] ^= 128 >> bit % 8
        add(f'bit {bit} flipped', bytes(changed))

    found = [dict(key.described(), tests=cases)]
    for other in (Key(2048), Key(3072), Key(4096, 3)):
        found.append(dict(other.described(), tests=[dict(comment='a good signature by a key that is none for us', msg=message.hex(), sig=other.sign(message).hex(), result='valid')]))
    return found
