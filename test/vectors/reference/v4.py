"""V4 signed URLs and POST policies of Cloud Storage, by its documentation (authentication/canonical-requests, authentication/signatures)."""
import base64, hashlib, json
from datetime import datetime, timedelta, timezone
from urllib.parse import quote

try:
    from . import rsa
except ImportError:
    import rsa

EMAIL = 'signer@vectors.iam.gserviceaccount.com'


def place(case):
    scheme, style = case.get('scheme', 'https'), case.get('urlStyle', 'PATH_STYLE')
    endpoint = case.get('hostname') or case.get('clientEndpoint') or case.get('emulatorHostname') or 'storage.' + case.get('universeDomain', 'googleapis.com')
    if style == 'BUCKET_BOUND_HOSTNAME':
        endpoint = case['bucketBoundHostname']
    if '://' in endpoint:
        scheme, endpoint = endpoint.split('://')
    if style == 'VIRTUAL_HOSTED_STYLE':
        endpoint = f"{case['bucket']}.{endpoint}"
    path = '/' + case['bucket'] if style == 'PATH_STYLE' else ''
    if 'object' in case:
        path += '/' + quote(case['object'], safe='/-._~')
    return f'{scheme}://{endpoint}', endpoint.split(':')[0], path or '/'


def expected(case, sign):
    origin, host, path = place(case)
    date = datetime.fromisoformat(case['timestamp'].replace('Z', '+00:00')).astimezone(timezone.utc).strftime('%Y%m%dT%H%M%SZ')
    scope = f'{date[:8]}/auto/storage/goog4_request'
    headers = {'host': host}
    for name, value in case.get('headers', {}).items():
        folded = value.replace('\t', ' ')
        while '  ' in folded:
            folded = folded.replace('  ', ' ')
        headers[name.lower()] = folded.strip(' ')
    signed = ';'.join(sorted(headers))
    query = {'X-Goog-Algorithm': 'GOOG4-RSA-SHA256', 'X-Goog-Credential': f'{EMAIL}/{scope}', 'X-Goog-Date': date,
             'X-Goog-Expires': str(case['expiration']), 'X-Goog-SignedHeaders': signed, **case.get('queryParameters', {})}
    encoded = '&'.join(f'{a}={b}' for a, b in sorted((quote(a, safe='-._~'), quote(b, safe='-._~')) for a, b in query.items()))
    lines = ''.join(f'{name}:{headers[name]}\n' for name in sorted(headers))
    payload = headers.get('x-goog-content-sha256', 'UNSIGNED-PAYLOAD')
    request = '\n'.join([case['method'], path, encoded, lines, signed, payload])
    to_sign = '\n'.join(['GOOG4-RSA-SHA256', date, scope, hashlib.sha256(request.encode()).hexdigest()])
    return {'expectedUrl': f'{origin}{path}?{encoded}&X-Goog-Signature={sign(to_sign.encode()).hex()}',
            'expectedCanonicalRequest': request, 'expectedStringToSign': to_sign}


def cases():
    plain = dict(bucket='test-bucket', object='test-object', method='GET', expiration=10, timestamp='2026-02-01T09:00:00Z')
    yield 'GET', plain
    for method in ('PUT', 'DELETE', 'HEAD'):
        yield method, {**plain, 'method': method}
    yield 'POST that starts a resumable upload', {**plain, 'method': 'POST', 'headers': {'X-Goog-Resumable': 'start'}}
    yield 'the last second of a year, for a second', {**plain, 'timestamp': '2026-12-31T23:59:59Z', 'expiration': 1}
    yield 'a leap day, for seven days', {**plain, 'timestamp': '2028-02-29T00:00:00Z', 'expiration': 604800}
    yield 'a bucket with dots, dashes and underscores', {**plain, 'bucket': 'a.test_bucket-1'}
    yield 'the bucket alone', {name: value for name, value in plain.items() if name != 'object'}
    yield 'slashes: leading, doubled, trailing', {**plain, 'object': '//a//b/'}
    yield 'every reserved character in the name', {**plain, 'object': "a b!\"#$%&'()*+,:;<=>?@[\\]^`{|}~-._"}
    yield 'a name with percent signs', {**plain, 'object': '100%25/%2F%2f'}
    yield 'a name outside ASCII', {**plain, 'object': 'Zoë/日本/🦊'}
    yield 'a name that is decomposed', {**plain, 'object': 'Zoe\u0308'}
    yield 'a name with control characters', {**plain, 'object': 'a\tb\u007fc'}
    yield 'headers, in any case and order', {**plain, 'headers': {'BAR': 'Bar-Value', 'foo': 'foo', 'X-Goog-Meta-B': '2', 'x-goog-meta-a': '1'}}
    yield 'headers whose names differ in a dash and an underscore', {**plain, 'headers': {'x_b': '1', 'x-b': '2', 'xb': '3'}}
    yield 'header values with spaces and tabs', {**plain, 'headers': {'inner': 'a    b', 'leading': '   a', 'trailing': 'a   ', 'tabs': '\ta\t\t b\t'}}
    yield 'a header without a value', {**plain, 'headers': {'x-empty': ''}}
    yield 'a header value with commas', {**plain, 'headers': {'x-list': 'a, b,c'}}
    yield 'content type, MD5 and length range', {**plain, 'method': 'PUT', 'headers': {'Content-Type': 'text/plain; charset=utf-8', 'Content-MD5': '1B2M2Y8AsgTpgAmY7PhCfg==', 'X-Goog-Content-Length-Range': '0,1024'}}
    yield 'create only', {**plain, 'method': 'PUT', 'headers': {'x-goog-if-generation-match': '0'}}
    yield "a customer's encryption key", {**plain, 'headers': {'X-Goog-Encryption-Algorithm': 'AES256', 'X-Goog-Encryption-Key': 'key', 'X-Goog-Encryption-Key-Sha256': 'hash'}}
    yield 'the hash of the content', {**plain, 'method': 'PUT', 'headers': {'X-Goog-Content-SHA256': hashlib.sha256(b'x').hexdigest()}}
    yield 'query parameters, before and behind our own', {**plain, 'queryParameters': {'a': '1', 'Z': '2', 'X-Goog-Meta-Foo': 'bar', 'prefix': '/foo'}}
    yield 'query parameters to encode', {**plain, 'queryParameters': {'a b': "c&d=e+f'!", 'ü': '🦊', 'empty': ''}}
    yield 'a name to download as', {**plain, 'queryParameters': {'response-content-disposition': 'attachment; filename="a b.txt"'}}
    yield 'virtual hosted style', {**plain, 'urlStyle': 'VIRTUAL_HOSTED_STYLE'}
    yield 'virtual hosted style, the bucket alone', {**{n: v for n, v in plain.items() if n != 'object'}, 'urlStyle': 'VIRTUAL_HOSTED_STYLE'}
    yield 'a host of the bucket, HTTP', {**plain, 'scheme': 'http', 'urlStyle': 'BUCKET_BOUND_HOSTNAME', 'bucketBoundHostname': 'files.example'}
    yield 'a host of the bucket, HTTPS', {**plain, 'scheme': 'https', 'urlStyle': 'BUCKET_BOUND_HOSTNAME', 'bucketBoundHostname': 'files.example'}
    yield 'an endpoint with the port of its scheme', {**plain, 'clientEndpoint': 'storage.googleapis.com:443'}
    yield 'an endpoint with scheme and port', {**plain, 'clientEndpoint': 'http://localhost:8080'}
    yield 'an emulator', {**plain, 'scheme': 'http', 'emulatorHostname': 'localhost:9000'}
    yield 'a host for one request, before the others', {**plain, 'hostname': 'storage-a.example', 'clientEndpoint': 'storage-b.example', 'emulatorHostname': 'storage-c.example'}
    yield 'another universe', {**plain, 'universeDomain': 'universe.example'}


def policy_output(case, sign):
    start = datetime.fromisoformat(case['timestamp'].replace('Z', '+00:00')).astimezone(timezone.utc)
    date = start.strftime('%Y%m%dT%H%M%SZ')
    origin, _, path = place({**case, 'object': ''})
    own = {'x-goog-date': date, 'x-goog-credential': f'{EMAIL}/{date[:8]}/auto/storage/goog4_request', 'x-goog-algorithm': 'GOOG4-RSA-SHA256'}
    given, more = case.get('fields', {}), case.get('conditions', {})
    conditions = []
    if 'startsWith' in more:
        conditions.append(['starts-with', *more['startsWith']])
    if 'contentLengthRange' in more:
        conditions.append(['content-length-range', *more['contentLengthRange']])
    fixed = {name: value for name, value in given.items() if not name.startswith('x-ignore-')}
    conditions += [{name: value} for name, value in {**fixed, 'bucket': case['bucket'], 'key': case['object'], **own}.items()]
    expiration = (start + timedelta(seconds=case['expiration'])).strftime('%Y-%m-%dT%H:%M:%SZ')
    document = {'conditions': conditions, 'expiration': expiration}
    policy = base64.b64encode(json.dumps(document, separators=(',', ':'), ensure_ascii=True).encode()).decode()
    fields = {**given, 'key': case['object'], **own, 'policy': policy, 'x-goog-signature': sign(policy.encode()).hex()}
    return {'url': origin + path, 'fields': fields, 'expectedDecodedPolicy': json.dumps(document, separators=(',', ':'), ensure_ascii=False)}


def policies():
    plain = dict(bucket='test-bucket', object='test-object', expiration=10, timestamp='2026-02-01T09:00:00Z')
    yield 'a form', plain
    yield 'a form with a range of sizes', {**plain, 'conditions': {'contentLengthRange': [0, 5497558138880]}}
    yield 'a form with a prefix and a range', {**plain, 'conditions': {'startsWith': ['$x-goog-meta-who', 'user-'], 'contentLengthRange': [1, 1]}}
    yield 'a form with type and disposition', {**plain, 'fields': {'content-type': 'text/plain; charset="utf-8"', 'content-disposition': 'attachment; filename="a\\\\b"'}}
    yield 'a form with a field that the policy leaves open', {**plain, 'fields': {'x-ignore-session': 'abc', 'cache-control': 'no-store'}}
    yield 'a form whose key is outside ASCII', {**plain, 'object': 'Zoë/日本/🦊 e\u0308'}
    yield 'a form whose key has what JSON escapes', {**plain, 'object': 'a"b\\c\tde/$f'}
    yield 'a form at the end of a year, for seven days', {**plain, 'timestamp': '2026-12-31T23:59:59Z', 'expiration': 604800}
    yield 'a form at the host of the bucket', {**plain, 'urlStyle': 'VIRTUAL_HOSTED_STYLE'}
    yield 'a form at a host of its own, HTTP', {**plain, 'scheme': 'http', 'urlStyle': 'BUCKET_BOUND_HOSTNAME', 'bucketBoundHostname': 'files.example'}
    yield 'a form at an endpoint with scheme and port', {**plain, 'clientEndpoint': 'http://localhost:8080'}


def make():
    key = rsa.Key(2048)
    tests = [{'description': name, **case, **expected(case, key.sign)} for name, case in cases()]
    forms = [{'description': name, 'policyInput': case, 'policyOutput': policy_output(case, key.sign)} for name, case in policies()]
    return {'clientEmail': EMAIL, 'publicKeyPem': key.public_pem, 'signingV4Tests': tests, 'postPolicyV4Tests': forms}
