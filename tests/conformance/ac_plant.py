#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ac_plant IN OUTDIR CERT.der [OTHER]: puts data into a place of a signed PE file that no signature covers.

Every length on the way is grown to fit, so that the result is well-formed DER in a well-formed table.
One file of each shape is written, OUTDIR/SHAPE.exe, and the shapes are printed; those that begin with "stamp-" need an RFC 3161 time stamp in IN.
With OTHER, the same file stamped by somebody else: only another-stamp, IN with the time stamp of OTHER, too.
"""
import struct
import sys

JUNK = b"FIREBREAK planted this. " * 40
ATTRIBUTE = bytes.fromhex("060a2b0601040186" "8d1f0101")  # 1.3.6.1.4.1.99999.1.1
STAMP = bytes.fromhex("060a2b060104018237030301")
NESTED = bytes.fromhex("060a2b060104018237020401")
COUNTER = bytes.fromhex("06092a864886f70d010906")


def tlv(tag, body):
    n = len(body)
    if n < 0x80:
        return bytes([tag, n]) + body
    length = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + body


def head(d):
    n, at = d[1], 2
    if n & 0x80:
        at += n & 0x7F
        n = int.from_bytes(d[2:at], "big")
    return at, n


def value(d):
    at, n = head(d)
    return d[: at + n]


def kids(d):
    """The members of a constructed value."""
    at, n = head(d)
    body, out = d[at : at + n], []
    while body:
        v = value(body)
        out.append(v)
        body = body[len(v) :]
    return out


def at(d, path, edit):
    """d with the value at path replaced by edit(value)."""
    if not path:
        return edit(d)
    members = kids(d)
    i = path[0] if path[0] >= 0 else len(members) + path[0]
    members[i] = at(members[i], path[1:], edit)
    return tlv(d[0], b"".join(members))


def add(member):
    return lambda d: tlv(d[0], b"".join(kids(d)) + member)


SIGNED = [1, 0]
SIGNER = SIGNED + [-1, 0]


def unsigned(member):
    """One more unsigned attribute for a SignerInfo."""

    def edit(d):
        members = kids(d)
        if members[-1][0] == 0xA1:
            members[-1] = tlv(0xA1, b"".join(kids(members[-1])) + member)
        else:
            members.append(tlv(0xA1, member))
        return tlv(0x30, b"".join(members))

    return edit


def attribute(oid, content):
    return tlv(0x30, oid + tlv(0x31, content))


def stamped(edit):
    """edit on the token of the RFC 3161 attribute."""

    def each(d):
        out = []
        for a in kids(d):
            if STAMP in a[:20]:
                oid, values = kids(a)
                a = tlv(0x30, oid + at(values, [0], edit))
            out.append(a)
        return tlv(d[0], b"".join(out))

    return lambda d: at(d, SIGNER + [-1], each)


def crls(d):
    members = kids(d)
    members.insert(len(members) - 1, tlv(0xA1, tlv(0x30, tlv(4, JUNK))))
    return tlv(0x30, b"".join(members))


def doubled(d):
    return tlv(d[0], b"".join(kids(d)) + kids(d)[0])


def grown_extension(cert):
    tbs = kids(cert)[0]
    extension = tlv(0x30, bytes.fromhex("0603550363") + tlv(4, tlv(4, JUNK)))

    def edit(v):
        return at(v, [0], add(extension))

    return at(cert, [0], lambda t: at(t, [len(kids(tbs)) - 1], edit))


ALG = tlv(0x30, bytes.fromhex("0603550863") + tlv(4, JUNK))

SHAPES = {
    "attribute": lambda d, c: at(d, SIGNER, unsigned(attribute(ATTRIBUTE, tlv(4, JUNK)))),
    "attribute-nested": lambda d, c: at(d, SIGNER, unsigned(attribute(NESTED, tlv(0x30, tlv(4, JUNK))))),
    "attribute-stamp": lambda d, c: at(d, SIGNER, unsigned(attribute(STAMP, tlv(0x30, tlv(4, JUNK))))),
    "attribute-counter": lambda d, c: at(d, SIGNER, unsigned(attribute(COUNTER, tlv(0x30, tlv(4, JUNK))))),
    "attribute-value": lambda d, c: at(d, SIGNER, unsigned(attribute(STAMP, tlv(0x30, JUNK)))),
    "certificate": lambda d, c: at(d, SIGNED + [3], add(c)),
    "certificate-junk": lambda d, c: at(d, SIGNED + [3], add(tlv(0x30, tlv(4, JUNK)))),
    "certificate-other": lambda d, c: at(d, SIGNED + [3], add(tlv(0xA1, tlv(4, JUNK)))),
    "certificate-extension": lambda d, c: at(d, SIGNED + [3, 0], grown_extension),
    "crls": lambda d, c: at(d, SIGNED, crls),
    "digest-algorithm": lambda d, c: at(d, SIGNED + [1], add(ALG)),
    "second-signer": lambda d, c: at(d, SIGNED + [-1], doubled),
    "stamp-attribute": lambda d, c: stamped(
        lambda t: at(t, SIGNER, unsigned(attribute(ATTRIBUTE, tlv(4, JUNK)))))(d),
    "stamp-certificate": lambda d, c: stamped(lambda t: at(t, SIGNED + [3], add(c)))(d),
    "stamp-attribute-certificate": lambda d, c: stamped(
        lambda t: at(t, SIGNED + [3], add(tlv(0xA1, tlv(0x30, tlv(4, JUNK))))))(d),
    "stamp-crls": lambda d, c: stamped(lambda t: at(t, SIGNED, crls))(d),
    "stamp-digest-algorithm": lambda d, c: stamped(lambda t: at(t, SIGNED + [1], add(ALG)))(d),
    "stamp-second-signer": lambda d, c: stamped(lambda t: at(t, SIGNED + [-1], doubled))(d),
}
TABLE = ("slack", "slack-zeros", "after-table", "second-entry", "second-entry-type", "directory-only")


def pad(d):
    return d + bytes(-len(d) % 8)


def entry(body, kind=2):
    body = pad(body)
    return struct.pack("<IHH", 8 + len(body), 0x200, kind) + body


def directory(d):
    """Where the entry of the certificate table is."""
    nt = struct.unpack_from("<I", d, 0x3C)[0]
    return nt + 24 + (112 if d[nt + 24 : nt + 26] == b"\x0b\x02" else 96) + 32


def attributes(d):
    """The unsigned attributes of a file's signature."""
    d = value(d[struct.unpack_from("<I", d, directory(d))[0] + 8 :])
    for i in SIGNER + [-1]:
        d = kids(d)[i]
    return kids(d)


def plant(shape, d, cert):
    security = directory(d)
    off, size = struct.unpack_from("<II", d, security)
    der = value(d[off + 8 :])
    rest = d[off + struct.unpack_from("<I", d, off)[0] : off + size]  # further entries
    behind = b""
    if shape == "slack":
        table = entry(pad(der) + pad(JUNK)) + rest
    elif shape == "slack-zeros":
        table = entry(pad(der) + bytes(1024)) + rest
    elif shape == "second-entry":
        table = entry(der) + rest + entry(tlv(0x30, tlv(4, JUNK)))
    elif shape == "second-entry-type":
        table = entry(der) + rest + entry(JUNK, 1)
    elif shape in ("after-table", "directory-only"):
        table, behind = entry(der) + rest, pad(JUNK)
    else:
        table = entry(SHAPES[shape](der, cert)) + rest
    grown = len(table) + (len(behind) if shape == "directory-only" else 0)
    return d[:security] + struct.pack("<II", off, grown) + d[security + 8 : off] + table + behind


def main():
    source, folder, cert = sys.argv[1:4]
    image, cert = open(source, "rb").read(), open(cert, "rb").read()
    if len(sys.argv) > 4:
        other = attributes(open(sys.argv[4], "rb").read())[0]
        SHAPES["another-stamp"] = lambda d, c: at(d, SIGNER, unsigned(other))
        with open(f"{folder}/another-stamp.exe", "wb") as f:
            f.write(plant("another-stamp", image, cert))
        return
    for shape in TABLE + tuple(SHAPES):
        with open(f"{folder}/{shape}.exe", "wb") as f:
            f.write(plant(shape, image, cert))
        print(shape)


main()
