#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""sbom_make.py FORMAT:VERSION FOLDER [ALGS] [upper]: an SBOM of the files in a folder, to stdout.

FORMAT is cdx, spdx2 or spdx3; ALGS a list such as sha1,sha256 (names of hashlib; blake2b is 512 bits).
"""
import hashlib
import json
import os
import sys

NAMES = {  # hashlib: CycloneDX, SPDX 2, SPDX 3
    'md5': ('MD5', 'MD5', 'md5'), 'sha1': ('SHA-1', 'SHA1', 'sha1'),
    'sha224': ('', 'SHA224', 'sha224'), 'sha256': ('SHA-256', 'SHA256', 'sha256'),
    'sha384': ('SHA-384', 'SHA384', 'sha384'), 'sha512': ('SHA-512', 'SHA512', 'sha512'),
    'sha3_256': ('SHA3-256', 'SHA3-256', 'sha3_256'), 'sha3_384': ('SHA3-384', 'SHA3-384', 'sha3_384'),
    'sha3_512': ('SHA3-512', 'SHA3-512', 'sha3_512'), 'blake2b': ('BLAKE2b-512', 'BLAKE2b-512', 'blake2b512'),
}


def files(folder):
    for at, _, names in sorted(os.walk(folder)):
        for name in sorted(names):
            path = os.path.join(at, name)
            if not os.path.islink(path):
                with open(path, 'rb') as f:
                    yield os.path.relpath(path, folder), f.read()


def cdx(version, listed):
    return {'bomFormat': 'CycloneDX', 'specVersion': version, 'version': 1,
            'metadata': {'component': {'type': 'application', 'name': 'app', 'version': '1', 'bom-ref': 'app'}},
            'components': [{'type': 'file', 'name': path, 'version': '1',
                            'hashes': [{'alg': NAMES[a][0], 'content': h} for a, h in hashes]}
                           for path, hashes, _ in listed]}


def spdx2(version, listed):
    code = hashlib.sha1(''.join(sorted(s for _, _, s in listed)).encode()).hexdigest()
    entries = [{'SPDXID': 'SPDXRef-File-%d' % i, 'fileName': './' + path,
                'checksums': [{'algorithm': NAMES[a][1], 'checksumValue': h} for a, h in hashes]}
               for i, (path, hashes, _) in enumerate(listed)]
    package = {'SPDXID': 'SPDXRef-Package', 'name': 'app', 'versionInfo': '1', 'downloadLocation': 'NOASSERTION',
               'filesAnalyzed': True, 'hasFiles': [e['SPDXID'] for e in entries]}
    if any(a == 'sha1' for _, hashes, _ in listed for a, _ in hashes):
        package['packageVerificationCode'] = {'packageVerificationCodeValue': code}
    return {'spdxVersion': 'SPDX-' + version, 'SPDXID': 'SPDXRef-DOCUMENT', 'dataLicense': 'CC0-1.0', 'name': 'app',
            'documentNamespace': 'https://example.org/app',
            'creationInfo': {'created': '2026-01-01T00:00:00Z', 'creators': ['Tool: sbom_make']},
            'packages': [package], 'files': entries,
            'relationships': [{'spdxElementId': 'SPDXRef-DOCUMENT', 'relationshipType': 'DESCRIBES',
                               'relatedSpdxElement': 'SPDXRef-Package'}]}


def spdx3(version, listed):
    base = 'https://example.org/app/'
    graph = [{'type': 'CreationInfo', '@id': '_:creation', 'specVersion': version, 'createdBy': [base + 'me'],
              'created': '2026-01-01T00:00:00Z'},
             {'type': 'SpdxDocument', 'spdxId': base + 'document', 'creationInfo': '_:creation',
              'rootElement': [base + 'package']},
             {'type': 'software_Package', 'spdxId': base + 'package', 'creationInfo': '_:creation', 'name': 'app'},
             {'type': 'Relationship', 'spdxId': base + 'r', 'creationInfo': '_:creation', 'from': base + 'package',
              'relationshipType': 'contains', 'to': [base + 'file%d' % i for i in range(len(listed))]}]
    for i, (path, hashes, _) in enumerate(listed):
        graph.append({'type': 'software_File', 'spdxId': base + 'file%d' % i, 'creationInfo': '_:creation',
                      'name': './' + path, 'verifiedUsing': [
                          {'type': 'Hash', 'algorithm': NAMES[a][2], 'hashValue': h} for a, h in hashes]})
    return {'@context': 'https://spdx.org/rdf/%s/spdx-context.jsonld' % version, '@graph': graph}


def main():
    form, version = sys.argv[1].split(':')
    algs = (sys.argv[3] if len(sys.argv) > 3 else 'sha256').split(',')
    if form == 'spdx2' and len(sys.argv) <= 3:
        algs = ['sha1', 'sha256']
    upper = sys.argv[4:] == ['upper']
    listed = []
    for path, content in files(sys.argv[2]):
        hashes = [(a, hashlib.new(a, content).hexdigest()) for a in algs]
        listed.append((path, [(a, h.upper() if upper else h) for a, h in hashes],
                       hashlib.sha1(content).hexdigest()))
    json.dump({'cdx': cdx, 'spdx2': spdx2, 'spdx3': spdx3}[form](version, listed), sys.stdout)


main()
