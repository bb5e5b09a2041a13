#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""cab_make.py OUT METHOD:FILE[,FILE…]…: a cabinet with a folder for each argument, stored, mszip, lzx
(in its uncompressed blocks) or quantum (which nobody can read); NAME=FILE gives a name.
cab_make.py --plant KIND IN OUT: a changed copy of a signed cabinet: append, after, reserve, place, gap,
data, index, name, reserved1. Shares no code with the product."""
import os
import struct
import sys
import zlib

METHODS = {"stored": 0, "mszip": 1, "quantum": 0x0402, "lzx": 0x0f03}


def checksum(data, seed=0):
    whole = len(data) // 4 * 4
    for v in struct.unpack("<%dI" % (whole // 4), data[:whole]):
        seed ^= v
    return seed ^ int.from_bytes(data[whole:], "big")


def pack(method, data):
    blocks = [data[i:i + 32768] for i in range(0, len(data), 32768)]
    for i, b in enumerate(blocks):
        if method == "mszip":
            z = zlib.compressobj(9, zlib.DEFLATED, -15)
            yield b"CK" + z.compress(b) + z.flush(), len(b)
        elif method == "lzx":
            # no E8 translation (first block only), block type 3, its length, three offsets, the bytes
            assert len(blocks) == 1 and len(b) % 2 == 0
            bits = 3 << 28 | len(b) << 4
            yield struct.pack("<HHIII", bits >> 16, bits & 0xffff, 1, 1, 1) + b, len(b)
        else:
            yield b, len(b)


def make(out, folders):
    table, files, data = [], b"", []
    for i, (method, names) in enumerate(folders):
        content, at = b"", 0
        for name in names:
            inside, _, path = name.rpartition("=")
            path = path or name
            b = open(path, "rb").read()
            inside = (inside or os.path.basename(path)).encode()
            attr = 0x20 | (0x80 if any(c > 127 for c in inside) else 0)
            files += struct.pack("<IIHHHH", len(b), at, i, 0x5678, 0x1234, attr) + inside + b"\0"
            content += b
            at += len(b)
        blocks = b""
        n = 0
        for p, size in pack(method, content):
            sizes = struct.pack("<HH", len(p), size)
            blocks += struct.pack("<I", checksum(sizes, checksum(p))) + sizes + p
            n += 1
        table.append((n, METHODS[method]))
        data.append(blocks)
    at = 36 + 8 * len(table)
    files_off, at = at, at + len(files)
    body = b""
    for (n, method), blocks in zip(table, data):
        body += struct.pack("<IHH", at, n, method)
        at += len(blocks)
    head = struct.pack("<4sIIIIIBBHHHHH", b"MSCF", 0, at, 0, files_off, 0, 3, 1, len(table),
                       sum(len(f[1]) for f in folders), 0, 7, 0)
    open(out, "wb").write(head + body + files + b"".join(data))


def plant(kind, src, dst):
    b = bytearray(open(src, "rb").read())
    off, size = struct.unpack_from("<II", b, 44)
    if kind == "append":
        b += b"stowaway"
    elif kind == "after":  # in the signature's place, behind it
        b += b"stowaway" * 8
        struct.pack_into("<I", b, 48, size + 64)
    elif kind == "reserve":
        b[52:56] = b"stow"
    elif kind == "place":
        b[40:44] = b"stow"
    elif kind == "gap":  # in front of the signature, which moves
        b[off:off] = b"stowaway"
        struct.pack_into("<I", b, 44, off + 8)
    elif kind == "data":
        b[off - 3] ^= 1
    elif kind == "index":
        b[34] = 1
    elif kind == "name":
        at = struct.unpack_from("<I", b, 16)[0]
        b[at + 16] ^= 1
    elif kind == "reserved1":
        b[4:8] = b"stow"
    else:
        sys.exit(__doc__)
    open(dst, "wb").write(b)


if sys.argv[1] == "--plant":
    plant(*sys.argv[2:])
else:
    make(sys.argv[1], [(a.split(":", 1)[0], a.split(":", 1)[1].split(",")) for a in sys.argv[2:]])
