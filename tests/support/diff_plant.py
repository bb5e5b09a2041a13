#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the tests of diff plant into files. diff_plant.py KIND ARGS…

unsign FILE OUT       a thin 64-bit Mach-O file without its code signature, as before it was signed
asar DIR OUT          an asar archive of the files below DIR
"""
import hashlib
import json
import os
import struct
import sys


def unsign(src, out):
    b = bytearray(open(src, "rb").read())
    ncmds, size = struct.unpack_from("<II", b, 16)
    at, linkedit = 32, None
    for i in range(ncmds):
        cmd, n = struct.unpack_from("<II", b, at)
        if cmd == 0x19 and b[at + 8 : at + 18] == b"__LINKEDIT":
            linkedit = at
        if cmd == 0x1D:
            break
        at += n
    off, length = struct.unpack_from("<II", b, at + 8)
    # As if it had never been there: the ones behind it move up.
    rest = b[at + 16 : 32 + size]
    b[at : 32 + size] = rest + bytes(16)
    struct.pack_into("<II", b, 16, ncmds - 1, size - 16)
    (filesize,) = struct.unpack_from("<Q", b, linkedit + 48)
    struct.pack_into("<Q", b, linkedit + 48, filesize - length)
    open(out, "wb").write(b[:off])
    print("last" if i == ncmds - 1 else "inside")


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
    {"unsign": unsign, "asar": asar}[sys.argv[1]](*sys.argv[2:])
