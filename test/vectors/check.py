"""Checks the verdicts of licenses.json and trust.json with Python alone: `python3 check.py` prints a JSON object, name to
verdict.

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


def judge(claims, vector, now=None):
    now = now or moment(vector['now'])
    signed, expires, until = [moment(claims.get(name)) for name in ('signed_at', 'expires_at', 'valid_until')]
    if claims.get('mode') == 'borrowed':
        borrowed = moment(claims.get('borrowed_until'))
        if borrowed is None:
            raise Refused('malformed')
        until = min(until or borrowed, borrowed)
    if claims.get('kind') == 'seat' and claims.get('in_grace') is True and until:
        expires = None
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


# What follows from a pinned root: root statement, key list, licence.

DAY = datetime.timedelta(days=1)
TOLERANCE = datetime.timedelta(minutes=5)
FILE = re.compile('-----BEGIN COUNTERSIGN LICENSE-----(.*)-----END COUNTERSIGN LICENSE-----', re.S)
SPKI_RSA_4096 = bytes.fromhex('30820222300d06092a864886f70d01010105000382020f003082020a0282020100')


class KeyListRefused(Exception):
    pass


def key_of_pem(pem):
    der = base64.b64decode(''.join(line for line in pem.splitlines() if not line.startswith('-----')))
    assert der[:33] == SPKI_RSA_4096 and der[545:] == bytes.fromhex('0203010001'), 'no RSA-4096 public key'
    return {'n': base64.urlsafe_b64encode(der[33:545]).rstrip(b'=').decode(), 'e': 'AQAB'}


def signed_by(key, statement):
    others = {name: value for name, value in statement.items() if name != 'signature'}
    try:
        verify_signature(key, canonical(others).encode(), unbase64(statement['signature']))
        return others.get('signature_algorithm') == ALGORITHM
    except (Refused, KeyError, TypeError):
        return False


def read_list(document, roots):
    """Root statement, then list; an endorsement by a root that is trusted adds the one that it names to `roots`."""
    root, keys = document['root'], document['list']
    if root.get('kind') != 'directory' or keys.get('kind') != 'keys' or type(keys.get('sequence')) is not int:
        raise KeyListRefused
    if not any(signed_by(key, root) for key in roots):
        endorsement = root.get('endorsement') or {}
        if endorsement.get('kind') != 'root' or not any(signed_by(key, endorsement) for key in roots):
            raise KeyListRefused
        if endorsement['root_version'] != root['root_version'] or not signed_by(key_of_pem(endorsement['pem']), root):
            raise KeyListRefused
        roots = [*roots, key_of_pem(endorsement['pem'])]
    if not signed_by(key_of_pem(root['pem']), keys):
        raise KeyListRefused
    return roots


def is_older(document, known):
    order = lambda one: (int(re.search(r'\d*$', one['root']['root_version']).group() or 0), moment(one['root']['valid_from']))
    if order(document) != order(known):
        if order(document) < order(known):
            return True
        if document['root']['pem'] != known['root']['pem']:
            return False
    return document['list']['sequence'] < known['list']['sequence']


def known_list(vector, all_documents):
    """The newest list of those that were served, with the roots that they endorsed; or why there is none."""
    roots = [key_of_pem(all_documents['roots'][name]) for name in vector['roots']]
    known, why = None, 'keys_unavailable'
    for name in vector['lists']:
        if name is None:
            continue
        document = all_documents['documents'][name]
        try:
            trusted = read_list(document, roots)
        except KeyListRefused:
            why = 'untrusted_keys'
            continue
        if known is None or not is_older(document, known):
            known, roots = document, trusted
    return known, roots, why


def names_of(revoked):
    return {one.get(name) for one in revoked for name in ('key_version', 'kid')} - {None}


def usable_keys(document, also_revoked, name):
    found = [key for key in document['list']['keys'] if key.get('key_version') == name and 'pem' in key]
    revoked = names_of(document['list']['revoked']) | also_revoked
    if name in revoked or any(key['kid'] in revoked for key in found):
        raise Refused('revoked')
    return [{**key, **key_of_pem(key['pem'])} for key in found]


def read_file(vector):
    """@returns what is in a licence file, or None for another text, and the text"""
    if 'license_base64' in vector:
        data = base64.b64decode(vector['license_base64'])
        text = data.decode('utf-16' if data[:2] in (b'\xff\xfe', b'\xfe\xff') else 'utf-8-sig')
    else:
        text = vector['license']
        if 'license_file' in text[:20]:
            text = json.loads(text)['license_file']
    if 'COUNTERSIGN LICENSE' not in text:
        return None, text
    found = FILE.search(text)
    if not found:
        raise Refused('malformed')
    encoded = re.sub(r'[^A-Za-z0-9+/]', '', re.sub(r'^[> ]+', '', found.group(1), flags=re.M))
    try:
        inside = base64.b64decode(encoded + '=' * (-len(encoded) % 4)).decode()
    except ValueError:
        raise Refused('malformed')
    return parse(inside), text


def open_with_root(vector, all_documents):
    known, roots, why = known_list(vector, all_documents)
    inside, text = read_file(vector)
    data = inside['license'] if inside else parse(text)
    if not isinstance(data, dict) or not isinstance(data.get('key_version'), str):
        raise Refused('malformed')
    if inside:
        document = {'root': inside['root'], 'list': inside['list']}
        try:
            read_list(document, roots)
        except KeyListRefused:
            raise Refused('untrusted_keys')
        if data.get('keys_sequence', 0) > document['list']['sequence']:
            raise Refused('untrusted_keys')
    elif known is None:
        raise Refused(why)
    else:
        document = known
    also_revoked = names_of(known['list']['revoked']) if known else set()
    keys = usable_keys(document, also_revoked, data['key_version'])
    claims = open_data(data, keys)
    key = next(key for key in keys if key['key_version'] == data['key_version'])
    directory_end = moment(document['root']['valid_until']) + 14 * DAY
    if inside:
        end = min(moment(key['signs_from']) + 460 * DAY, directory_end + 366 * DAY)
        if moment(document['list']['issued_at']) > directory_end:
            end = moment('2000-01-01T00:00:00Z')
        if 'signed_at' not in claims:
            raise Refused('malformed')
    else:
        end = min(moment(document['list']['expires_at']) + 14 * DAY, directory_end)
    return claims, moment(document['root']['valid_from']), end, bool(inside)


def present(vector, claims):
    """An answer with its own nonce tells the time; else a clock that is behind what was seen is not believed."""
    now, signed = moment(vector['now']), moment(claims['signed_at'])
    if 'clock' not in vector:
        return now
    if 'nonce' in vector:
        return signed
    floor = max([signed, *[moment(time) for time in vector['clock'].values()]])
    if now < floor - TOLERANCE:
        raise Refused('clock_turned_back')
    return max(now, floor)


def trust_verdict(vector, all_documents):
    try:
        claims, begin, end, is_file = open_with_root(vector, all_documents)
        if 'nonce' in vector and claims.get('nonce') != vector['nonce']:
            raise Refused('wrong_nonce')
        if 'kind' in vector and claims.get('kind') != vector['kind']:
            raise Refused('wrong_kind')
        now = present(vector, claims)
        judge(claims, {'now': vector['now']}, now)
        if is_file and moment(claims['signed_at']) + 366 * DAY <= now:
            raise Refused('stale')
        if begin > now + TOLERANCE:
            raise Refused('not_yet_valid')
        if end <= now:
            raise Refused('keys_expired')
        if 'product' in vector and (claims.get('product') or 'default') != vector['product']:
            raise Refused('wrong_product')
        if 'hardware_id' in vector and claims.get('hardware_id') != vector['hardware_id']:
            raise Refused('wrong_hardware')
        if vector.get('start') == 'offline' and claims.get('mode') != 'borrowed' and not claims.get('offline_seconds'):
            raise Refused('strict')
        return 'valid'
    except Refused as refused:
        return str(refused)


def read(name):
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), encoding='utf-8') as file:
        return json.load(file)


if __name__ == '__main__':
    licenses, trust = read('licenses.json'), read('trust.json')
    verdicts = {vector['name']: verdict(vector, licenses['keys']) for vector in licenses['vectors']}
    verdicts.update({vector['name']: trust_verdict(vector, trust) for vector in trust['vectors']})
    json.dump(verdicts, sys.stdout)
