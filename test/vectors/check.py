"""Checks licences.json's verdicts with Python alone: `python3 check.py` prints a JSON object, name to verdict.

No library is needed: RSASSA-PKCS1-v1_5 is an exponentiation and a comparison (RFC 8017, section 8.2.2).
"""
import base64, datetime, hashlib, json, os, re, sys

ALGORITHM = 'RSA_SIGN_PKCS1_4096_SHA256'
DIGEST_INFO = bytes.fromhex('3031300d060960864801650304020105000420')
TIME = re.compile(r'\d{4}-\d\d-\d\d(T(?!24)\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d))?')

BATCH_TIME = re.compile(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z')


class Refused(Exception):
    pass


def unbase64(text, url=False):
    padded = text + '=' * (-len(text) % 4) if url else text
    try:
        data = base64.b64decode(padded, altchars=b'-_' if url else None, validate=True)
    except ValueError:
        raise Refused('malformed')
    again = (base64.urlsafe_b64encode(data).rstrip(b'=') if url else base64.b64encode(data)).decode()
    if again != text:
        raise Refused('malformed')
    return data


def parse(text):
    def inexact(number):
        raise Refused('malformed')
    try:
        return json.loads(text, parse_float=inexact)
    except (ValueError, RecursionError):
        raise Refused('malformed')


def canonical(value):
    def check(item, depth):
        if isinstance(item, bool) or item is None:
            return
        if isinstance(item, int) and abs(item) > 2**53 - 1:
            raise Refused('malformed')
        if isinstance(item, str):
            try:
                item.encode()
            except UnicodeEncodeError:
                raise Refused('malformed')
        if isinstance(item, (dict, list)):
            if depth >= 64:
                raise Refused('malformed')
            for child in [*item.keys(), *item.values()] if isinstance(item, dict) else item:
                check(child, depth + 1)
    check(value, 0)
    return json.dumps(value, sort_keys=True, separators=(',', ':'))


def verify_signature(key, message, signature):
    n = int.from_bytes(unbase64(key['n'], url=True), 'big')
    e = int.from_bytes(unbase64(key['e'], url=True), 'big')
    if len(signature) != 512 or int.from_bytes(signature, 'big') >= n:
        raise Refused('bad_signature')
    encoded = b'\x00\x01' + b'\xff' * (512 - 3 - 51) + b'\x00' + DIGEST_INFO + hashlib.sha256(message).digest()
    if pow(int.from_bytes(signature, 'big'), e, n).to_bytes(512, 'big') != encoded:
        raise Refused('bad_signature')


def find(keys, name, value):
    for key in keys:
        if key[name] == value:
            return key
    raise Refused('unknown_key')


def batch_root(leaf, index, size, path):
    """RFC 9162, section 2.1.3.2."""
    if index < 0 or index >= size:
        raise Refused('malformed')
    fn, sn, root = index, size - 1, leaf
    for step in path:
        if sn == 0:
            raise Refused('malformed')
        if fn & 1 or fn == sn:
            root = hashlib.sha256(b'\x01' + step + root).digest()
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            root = hashlib.sha256(b'\x01' + root + step).digest()
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise Refused('malformed')
    return root


def batch_text(text, batch, claims):
    if set(batch) != {'leaf_index', 'tree_size', 'audit_path', 'signed_at'}:
        raise Refused('malformed')
    if not all(re.fullmatch('[0-9a-f]{64}', step) for step in batch['audit_path']):
        raise Refused('malformed')
    if not 2 <= batch['tree_size'] <= 65536 or not BATCH_TIME.fullmatch(batch['signed_at']):
        raise Refused('malformed')
    path = [bytes.fromhex(step) for step in batch['audit_path']]
    leaf = hashlib.sha256(b'\x00' + text.encode()).digest()
    root = batch_root(leaf, batch['leaf_index'], batch['tree_size'], path)
    head = {name: claims[name] for name in ('key_version', 'signature_algorithm')}
    head.update(root=root.hex(), tree_size=batch['tree_size'], signed_at=batch['signed_at'])
    return 'countersign/batch/v1\n' + canonical(head)


def open_data(data, keys):
    if not isinstance(data, dict):
        raise Refused('malformed')
    claims = dict(data)
    signature = claims.pop('signature', None)
    # What is no proof is a member like any other, and signed as such or not at all.
    batch = claims.pop('batch') if isinstance(claims.get('batch'), dict) else None
    if signature is None:
        raise Refused('unsigned')
    if not isinstance(claims.get('key_version'), str):
        raise Refused('malformed')
    if claims.get('signature_algorithm') != ALGORITHM:
        raise Refused('unknown_key')
    raw, text = unbase64(signature), canonical(claims)
    if batch is not None:
        text = batch_text(text, batch, claims)
    verify_signature(find(keys, 'key_version', claims['key_version']), text.encode(), raw)
    return claims


def open_token(token, keys):
    parts = token.split('.')
    if len(parts) != 3:
        raise Refused('malformed')
    head, claims, signature = [unbase64(part, url=True) for part in parts]
    head, claims = parse(head), parse(claims)
    if set(head) != {'alg', 'kid', 'typ'} or head['typ'] != 'license+jwt':
        raise Refused('malformed')
    if head['alg'] != 'RS256':
        raise Refused('unknown_key')
    verify_signature(find(keys, 'kid', head['kid']), '.'.join(parts[:2]).encode(), signature)
    return claims


def moment(text):
    if text is None:
        return None
    if not isinstance(text, str) or not TIME.fullmatch(text):
        raise Refused('malformed')
    try:
        time = datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))
    except ValueError:
        raise Refused('malformed')
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


def judge(claims, vector):
    now = moment(vector['now'])
    signed, expires, until = [moment(claims.get(name)) for name in ('signed_at', 'expires_at', 'valid_until')]
    if signed and signed > now + datetime.timedelta(minutes=5):
        raise Refused('not_yet_valid')
    if expires and expires <= now:
        raise Refused('expired')
    if until and until <= now:
        raise Refused('stale')
    if 'hardware_id' in vector and claims.get('hardware_id') != vector['hardware_id']:
        raise Refused('wrong_hardware')
    features = claims.get('features', [])
    for name in vector.get('features', []):
        if not (name in features if isinstance(features, list) else features.get(name, False) is not False):
            raise Refused('missing_feature')


def verdict(vector, keys):
    try:
        text = vector['license'].strip()
        claims = open_data(parse(text), keys) if text[:1] in '{[' else open_token(text, keys)
        judge(claims, vector)
        return 'valid'
    except Refused as refused:
        return str(refused)


if __name__ == '__main__':
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'licenses.json'), encoding='utf-8') as file:
        document = json.load(file)
    verdicts = {vector['name']: verdict(vector, document['keys']) for vector in document['vectors']}
    json.dump(verdicts, sys.stdout)
