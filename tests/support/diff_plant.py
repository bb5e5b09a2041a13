#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests of diff plant into files. diff_plant.py KIND ARGS…

table FILE OUT N      N bytes inside the certificate table of a signed PE file, lengths grown
asar DIR OUT          an asar archive of the files below DIR
"""
import hashlib
import json
import os
import struct
import sys


def table(src, out, n):
    b = bytearray(open(src, "rb").read())
    n = int(n) + 7 & ~7
    pe = struct.unpack_from("<I", b, 60)[0]
    magic = struct.unpack_from("<H", b, pe + 24)[0]
    at = pe + 24 + (112 if magic == 0x20B else 96) + 4 * 8
    off, size = struct.unpack_from("<II", b, at)
    assert off and off + size == len(b), "not signed, or bytes behind the table"
    struct.pack_into("<I", b, at + 4, size + n)
    entry = struct.unpack_from("<I", b, off)[0]
    struct.pack_into("<I", b, off, (entry + 7 & ~7) + n)
    seed, junk = b"payload", b""
    while len(junk) < n:
        seed = hashlib.sha256(seed).digest()
        junk += seed
    open(out, "wb").write(bytes(b) + junk[:n])


def asar(top, out):
    body = b""

    def node(d):
        nonlocal body
        files = {}
        for name in sorted(os.listdir(d)):
            p = os.path.join(d, name)
            if os.path.isdir(p):
                files[name] = node(p)
                continue
            data = open(p, "rb").read()
            digest = hashlib.sha256(data).hexdigest()
            files[name] = {
                "size": len(data),
                "offset": str(len(body)),
                "integrity": {
                    "algorithm": "SHA256",
                    "hash": digest,
                    "blockSize": 4194304,
                    "blocks": [digest],
                },
            }
            body += data
        return {"files": files}

    head = json.dumps(node(top), separators=(",", ":")).encode()
    pad = -len(head) % 4
    inner = struct.pack("<II", 4 + len(head) + pad, len(head)) + head + b"\0" * pad
    open(out, "wb").write(struct.pack("<II", 4, len(inner)) + inner + body)


if __name__ == "__main__":
    {"table": table, "asar": asar}[sys.argv[1]](*sys.argv[2:])
