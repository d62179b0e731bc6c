"""AES-256-GCM with Python alone (FIPS 197, NIST SP 800-38D): slow and not constant-time, to check vectors with."""


def _xtime(byte):
    return ((byte << 1) ^ 0x11B) & 0xFF if byte & 0x80 else byte << 1


def _sbox():
    table, p, q = [0] * 256, 1, 1
    while True:
        p ^= _xtime(p)
        q ^= q << 1
        q ^= q << 2
        q ^= q << 4
        q &= 0xFF
        if q & 0x80:
            q ^= 0x09
        x = q ^ (q << 1 | q >> 7) ^ (q << 2 | q >> 6) ^ (q << 3 | q >> 5) ^ (q << 4 | q >> 4)
        table[p] = (x ^ 0x63) & 0xFF
        if p == 1:
            break
    table[0] = 0x63
    return table


SBOX = _sbox()


def _round_keys(key):
    words, rcon, n = [list(key[i:i + 4]) for i in range(0, len(key), 4)], 1, len(key) // 4
    for i in range(n, 4 * (n + 7)):
        word = list(words[-1])
        if i % n == 0:
            word = [SBOX[b] for b in word[1:] + word[:1]]
            word[0] ^= rcon
            rcon = _xtime(rcon)
        elif n > 6 and i % n == 4:
            word = [SBOX[b] for b in word]
        words.append([a ^ b for a, b in zip(words[i - n], word)])
    return [sum(words[i:i + 4], []) for i in range(0, len(words), 4)]


def _encrypt_block(keys, block):
    state = [a ^ b for a, b in zip(block, keys[0])]
    for index, key in enumerate(keys[1:], 2):
        state = [SBOX[state[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if index < len(keys):
            mixed = []
            for column in range(0, 16, 4):
                a = state[column:column + 4]
                mixed += [_xtime(a[i]) ^ _xtime(a[(i + 1) % 4]) ^ a[(i + 1) % 4] ^ a[(i + 2) % 4] ^ a[(i + 3) % 4] for i in range(4)]
            state = mixed
        state = [a ^ b for a, b in zip(state, key)]
    return bytes(state)


def _multiply(x, y):
    z, v = 0, y
    for i in range(127, -1, -1):
        if x >> i & 1:
            z ^= v
        v = v >> 1 ^ (0xE1 << 120 if v & 1 else 0)
    return z


def _pad(data):
    return data + bytes(-len(data) % 16)


def seal(key, iv, plaintext, aad):
    """Ciphertext and tag. The IV is 12 bytes."""
    keys = _round_keys(key)
    counter = lambda n: _encrypt_block(keys, iv + n.to_bytes(4, 'big'))
    stream = b''.join(counter(n) for n in range(2, 2 + (len(plaintext) + 15) // 16))
    ciphertext = bytes(a ^ b for a, b in zip(plaintext, stream))
    h, y = int.from_bytes(_encrypt_block(keys, bytes(16)), 'big'), 0
    lengths = (len(aad) * 8).to_bytes(8, 'big') + (len(ciphertext) * 8).to_bytes(8, 'big')
    blocks = _pad(aad) + _pad(ciphertext) + lengths
    for i in range(0, len(blocks), 16):
        y = _multiply(y ^ int.from_bytes(blocks[i:i + 16], 'big'), h)
    tag = bytes(a ^ b for a, b in zip(y.to_bytes(16, 'big'), counter(1)))
    return ciphertext, tag


def verdict(case):
    """`valid` when the ciphertext and tag are those of the message."""
    key, iv, aad, msg, ct, tag = [bytes.fromhex(case[name]) for name in ('key', 'iv', 'aad', 'msg', 'ct', 'tag')]
    return 'valid' if seal(key, iv, msg, aad) == (ct, tag) else 'invalid'


def groups():
    text = lambda n: bytes((7 * i + n) & 0xFF for i in range(n))
    key, iv = bytes(range(32)), bytes(range(100, 112))
    cases = []

    def add(comment, msg=b'', aad=b'', key=key, iv=iv, change=None):
        ct, tag = seal(key, iv, msg, aad)
        case = dict(comment=comment, key=key, iv=iv, aad=aad, msg=msg, ct=ct, tag=tag)
        case.update(change(case) if change else {})
        cases.append({**{k: v.hex() if isinstance(v, bytes) else v for k, v in case.items()}, 'result': 'invalid' if change else 'valid'})

    for n in (0, 1, 15, 16, 17, 31, 32, 33, 64, 255, 512):
        add(f'{n} bytes', text(n), b'countersign/task-payload/v1:0191')
    for n in (0, 1, 12, 15, 16, 17, 64, 100):
        add(f'{n} bytes of associated data', text(20), text(n))
    add('key and IV of zeros', text(20), key=bytes(32), iv=bytes(12))
    add('key and IV of ones', text(20), key=b'\xff' * 32, iv=b'\xff' * 12)
    flip = lambda name, bit: lambda c: {name: bytes(b ^ (1 << bit % 8 if i == bit // 8 else 0) for i, b in enumerate(c[name]))}
    for bit in (0, 1, 7, 8, 31, 32, 63, 64, 100, 126, 127):
        add(f'bit {bit} of the tag flipped', text(20), b'aad', change=flip('tag', bit))
    for bit in (0, 63, 100, 159):
        add(f'bit {bit} of the ciphertext flipped', text(20), b'aad', change=flip('ct', bit))
    add('tag flipped, all of it', text(20), change=lambda c: {'tag': bytes(b ^ 255 for b in c['tag'])})
    add('tag of zeros', text(20), change=lambda c: {'tag': bytes(16)})
    add('tag of ones', text(20), change=lambda c: {'tag': b'\xff' * 16})
    add('halves of the tag swapped', text(20), change=lambda c: {'tag': c['tag'][8:] + c['tag'][:8]})
    add('ciphertext a byte short', text(20), change=lambda c: {'ct': c['ct'][:-1]})
    add('ciphertext a byte long', text(20), change=lambda c: {'ct': c['ct'] + b'\0'})
    add('nothing but a tag of zeros', change=lambda c: {'tag': bytes(16)})
    add('other associated data', text(20), b'aad', change=lambda c: {'aad': b'aae'})
    add('no associated data', text(20), b'aad', change=lambda c: {'aad': b''})
    add('the IV of another', text(20), change=lambda c: {'iv': bytes(12)})
    add('the key of another', text(20), change=lambda c: {'key': bytes(32)})

    def other(key_bytes, iv_bytes):
        case = dict(comment='sizes that are not used', key='00' * key_bytes, iv='00' * iv_bytes, aad='', msg='', ct='', tag='00' * 16, result='invalid')
        return dict(keySize=key_bytes * 8, ivSize=iv_bytes * 8, tagSize=128, tests=[case])

    found = [dict(keySize=256, ivSize=96, tagSize=128, tests=cases)]
    found += [other(*sizes) for sizes in ((16, 12), (24, 12), (32, 0), (32, 8), (32, 16), (31, 12), (33, 12))]
    return found
