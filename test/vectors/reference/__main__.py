"""`python3 test/vectors/reference make` writes the vectors of V4 signing, RSA and AES-GCM under new keys whose private
halves are forgotten; `check` computes every verdict anew from the files and prints the number of cases, or the faults."""
import json, os, sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import aes_gcm, rsa, v4

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def numbered(algorithm, groups):
    cases = [case for group in groups for case in group['tests']]
    for number, case in enumerate(cases, 1):
        case['tcId'] = number
    return {'algorithm': algorithm, 'numberOfTests': len(cases), 'testGroups': groups}


def write(name, document):
    with open(os.path.join(FOLDER, name), 'w', encoding='utf-8') as file:
        json.dump(document, file, indent=1, ensure_ascii=True)
        file.write('\n')


def read(name):
    with open(os.path.join(FOLDER, name), encoding='utf-8') as file:
        return json.load(file)


def make():
    write('aes-gcm.json', numbered('AES-GCM', aes_gcm.groups()))
    write('rsa-signatures.json', numbered('RSASSA-PKCS1-v1_5', rsa.groups()))
    write('v4-signatures.json', v4.make())


def check():
    faults, count = [], 0
    for group in read('aes-gcm.json')['testGroups']:
        for case in group['tests']:
            count += 1
            if (group['keySize'], group['ivSize']) == (256, 96) and aes_gcm.verdict(case) != case['result']:
                faults.append(f"aes-gcm.json {case['tcId']} {case['comment']}")
    for group in read('rsa-signatures.json')['testGroups']:
        for case in group['tests']:
            count += 1
            if rsa.verdict(case, group) != case['result'].replace('acceptable', 'invalid'):
                faults.append(f"rsa-signatures.json {case['tcId']} {case['comment']}")
    for case in read('v4-signatures.json')['signingV4Tests']:
        count += 1
        found = v4.expected(case, lambda _: b'')
        if any(found[name] != case[name].split('X-Goog-Signature=')[0] + ('X-Goog-Signature=' if name == 'expectedUrl' else '') for name in found):
            faults.append(f"v4-signatures.json {case['description']}")
    for case in read('v4-signatures.json')['postPolicyV4Tests']:
        count += 1
        given = case['policyOutput']['fields'].pop('x-goog-signature')
        found = v4.policy_output(case['policyInput'], lambda _: bytes.fromhex(given))
        found['fields'].pop('x-goog-signature')
        if found != case['policyOutput']:
            faults.append(f"v4-signatures.json {case['description']}")
    return {'count': count, 'faults': faults}


if __name__ == '__main__':
    if sys.argv[1:] == ['make']:
        make()
    print(json.dumps(check()))
