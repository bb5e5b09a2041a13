#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""yara_random.py SEED RULES FILES OUT: random rules that match often, and files that they match in.

Writes OUT/rules.yar and OUT/files/*. Strings come from a small pool and files are made of the same
pool, of heads and of noise, so that every kind of condition is true here and false there. What the two
programs say of them must be the same, rule by rule and file by file.
"""
import os
import random
import sys

r = random.Random(int(sys.argv[1]))
POOL = ["kernel32.dll", "CreateThread", "evilpart", "abcdefgh", "UserAgent: x", "AbCdEf12", "%s\\\\temp", "foo.bar/baz",
        "0123456789abcdef0123456789abcdef01234567", "zzzz", "xyz", "\\x00\\x01\\x02\\x03\\x04", "password=", "MZ", "ELF",
        "aaaaaaaaaa", "\\xff\\xff\\xff\\xff\\xff\\xfe", "tab\\there", "quote\\\"d"]
HEADS = [b"MZ", b"MZ\x90\x00", b"\x7fELF\x02\x01\x01", b"PK\x03\x04", b"{\\rtf", b"#!/bin/sh\n", b"", b"\x00\x00\x01\x00",
         b"M", b"\x7fEL", b"\xca\xfe\xba\xbe", b"%PDF-1.4"]


def plain(t):
    return t.encode().decode("unicode_escape").encode("latin-1")


def hexa(t):
    out = []
    b = plain(t)
    for i, c in enumerate(b):
        k = r.random()
        if 0 < i < len(b) - 1 and k < 0.08:
            out.append("??")
        elif 0 < i < len(b) - 1 and k < 0.12:
            out.append("%X?" % (c >> 4))
        elif 0 < i < len(b) - 1 and k < 0.15:
            out.append("[%d-%d]" % (r.randint(0, 1), r.randint(1, 3)))
        elif 0 < i < len(b) - 1 and k < 0.23:
            out.append("( %02X | %02X )" % (c, c ^ 1))
        elif k < 0.26:
            out.append("/* ) } ( */ %02X" % c)
        else:
            out.append("%02X" % c)
    return "{ " + " ".join(out) + " }"


def regex(t):
    out = ""
    for c in plain(t):
        k = r.random()
        s = "\\x%02x" % c if k < 0.1 or c < 33 or c > 126 else ("\\" if chr(c) in r"\/.*+?()[]{}|^$" else "") + chr(c)
        k = r.random()
        if k < 0.06:
            s = "[%s-%s]" % (s, s) if s.isalnum() else "[^\\x00]"
        elif k < 0.09:
            s = "(%s|q)" % s
        elif k < 0.12:
            s += r.choice(["?", "*", "+", "{1,3}", "{0,2}", "{1}", "{,2}", "{2,}"])
        elif k < 0.14:
            s = "."
        out += s
    if r.random() < 0.1:
        out += "|" + "never%dthere" % r.randrange(9)
    return "/" + out + "/" + r.choice(["", "", "i", "s"])


def string(i):
    t = r.choice(POOL)
    k = r.random()
    name = "$" if k < 0.02 else "$%s%d" % (r.choice("abc"), i)
    k = r.random()
    if k < 0.55:
        m = r.choice(["", " wide", " ascii wide", " nocase", " fullword", " wide nocase", " ascii", " private"])
        k = r.random()
        if k < 0.06 and "nocase" not in m:
            m = " xor(0x00-0x20)"
        elif k < 0.10:
            m = " base64"
            t = "longenough" + t
        return name, '"%s"%s' % (t, m)
    if k < 0.8:
        return name, hexa(t)
    return name, regex(t) + r.choice(["", " wide", " ascii wide", " nocase"])


def number():
    return r.choice(["0", "1", "2", "3", "5", "8", "64", "100", "200", "0x40", "1KB", "2KB", "1MB"])


def head():
    return r.choice(["uint16(0) == 0x5a4d", "uint16(0) == 0x5A4D", "uint16be(0) == 0x4d5a", "0x5a4d == uint16(0)",
                     "uint32(0) == 0x464c457f", "uint32be(0) == 0x504b0304", "uint8(0) == 0x4d", "uint8(0) == 77",
                     "uint32(0) == 0x00010000", "uint16(0) != 0x5a4d", "uint16(0) == 0x15a4d", "uint32(0) == 0xbebafeca"])


def leaf(names, before):
    k = r.random()
    named = [n for n in names if n != "$"]
    if k < 0.12:
        return "filesize %s %s" % (r.choice(["<", "<=", ">", ">=", "==", "!="]), number())
    if k < 0.15:
        return "%s %s filesize" % (number(), r.choice(["<", "<=", ">", ">=", "=="]))
    if k < 0.30:
        return head()
    if k < 0.34 and before:
        return r.choice(before)
    if k < 0.36 and before:
        return "%s of (%s*)" % (r.choice(["any", "1", "all"]), r.choice(before))
    if k < 0.39:
        return r.choice(["pe.number_of_sections == 0", "pe.is_pe == 0", "pe.machine == 0x8664", "elf.type == 2",
                         "pe.number_of_sections == 3", "elf.machine == 62", "pe.imphash() == \"x\"", "math.entropy(0, filesize) > 4",
                         "hash.md5(0, filesize) == \"d41d8cd98f00b204e9800998ecf8427e\"", "defined pe.machine", "true", "false"])
    if not named:
        return r.choice(["any of them", "all of them"])
    n = r.choice(named)
    if k < 0.60:
        return n
    if k < 0.64:
        return "%s at %s" % (n, r.choice(["0", "2", "filesize - 4"]))
    if k < 0.67:
        return "%s in (%s..%s)" % (n, r.choice(["0", "5"]), r.choice(["100", "filesize"]))
    if k < 0.74:
        return "#%s %s %s" % (n[1:], r.choice([">", ">=", "==", "<", "!="]), r.choice("0123"))
    if k < 0.88:
        q = r.choice(["any", "all", "none", "0", "1", "2", "3", "50%", str(len(names)), "(1 + 1)"])
        s = "them" if r.random() < 0.6 else "(%s)" % ", ".join(r.sample(named, r.randint(1, len(named))) if r.random() < 0.5 else [n[:2] + "*"])
        if s != "them" and r.random() < 0.1:
            s = s[:-1] + ", " + n + ")"
        return "%s of %s" % (q, s) + (" in (0..200)" if r.random() < 0.08 and q not in ("none", "0", "50%") else "")
    if k < 0.92:
        return "for %s of them : ( %s )" % (r.choice(["any", "all", "2"]), r.choice(["$", "# > 1", "not $", "$ at 0", "@ < 10"]))
    if k < 0.95:
        return "for any i in (0..3) : ( uint8(i) == 0x5a or @%s[i + 1] == 0 )" % n[1:]
    if k < 0.97:
        return "@%s[1] %s %s" % (n[1:], r.choice(["<", ">", "=="]), number())
    return "!%s[1] > 3" % n[1:]


def condition(names, before, depth):
    k = r.random()
    if depth == 0 or k < 0.25:
        return leaf(names, before)
    if k < 0.34:
        return "not " + (leaf(names, before) if r.random() < 0.5 else "(%s)" % condition(names, before, depth - 1))
    n = r.randint(2, 3)
    parts = []
    for _ in range(n):
        c = condition(names, before, depth - 1)
        parts.append("(%s)" % c if r.random() < 0.6 else c)
    return r.choice([" and ", " or "]).join(parts)


def rule(i, before):
    strings = [string(k) for k in range(r.randint(0, 5))]
    names = [n for n, _ in strings]
    flags = r.choice(["", "", "", "", "", "private "])
    c = condition(names, before, 3) if names else r.choice([head(), "filesize < 100", "filesize == 0", "true"])
    # every string must be referred to
    c = "(%s) %s (%s)" % (c, r.choice(["and", "or", "and"]), r.choice(["any of them", "1 of them", "all of them", "2 of them", "for any of them : ($)"])) if names else c
    out = "%srule r%d%s : t1 t2 { // a comment with { and \"\n" % (flags, i, r.choice("ab"))
    out += '  meta: author = "me" score = %d condition_like = "condition: {"\n' % r.randint(0, 100)
    if strings:
        out += "  strings:\n" + "".join("    %s = %s\n" % s for s in strings)
    return out + "  condition:\n    %s\n}\n" % c


def content():
    b = r.choice(HEADS)
    for _ in range(r.choice([0, 0, 1, 2, 4, 10])):
        k = r.random()
        t = plain(r.choice(POOL))
        if k < 0.15:
            t = bytes(x for c in t for x in (c, 0))
        elif k < 0.25:
            t = t.upper()
        elif k < 0.30:
            key = r.randrange(0x21)
            t = bytes(c ^ key for c in t)
        elif k < 0.35:
            t = t[:-1]
        b += t + r.choice([b"", b" ", b"\0", bytes(r.randrange(256) for _ in range(r.randint(1, 90)))])
    return b


def pe(n):
    d = bytearray(512)
    d[:2] = b"MZ"
    d[0x3c:0x40] = (0x80).to_bytes(4, "little")
    d[0x80:0x84] = b"PE\0\0"
    d[0x84:0x86] = (0x8664).to_bytes(2, "little")
    d[0x86:0x88] = (3).to_bytes(2, "little")
    d[0x94:0x96] = (240).to_bytes(2, "little")
    d[0x98:0x9a] = (0x20b).to_bytes(2, "little")
    return bytes(d)[:n] + content()


def main():
    nrules, nfiles, out = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    os.makedirs(out + "/files", exist_ok=True)
    with open(out + "/rules.yar", "w") as f:
        f.write('import "pe"\nimport "elf"\nimport "math"\nimport "hash"\n')
        names = []
        for i in range(nrules):
            t = rule(i, names)
            f.write(t)
            names.append(t.split("rule ")[1].split(" ")[0])
    for i in range(nfiles):
        b = content()
        if i < 8:
            b = [b"", b"M", b"MZ", b"MZ\x90", b"\x7fELF", b"\x7f", b"PK\x03", b"abc"][i]
        elif i % 9 == 0:
            b = pe(r.choice([0x3d, 0x80, 0x86, 512, 512, 512]))
        elif i % 17 == 0:
            b += bytes(r.choice([1024, 2048, 1 << 20]) - len(b))
        elif i % 19 == 0:  # large: rules that can match are put together for it
            b += b"".join(content() for _ in range(30)) + bytes(6 << 20) + content()
        with open("%s/files/f%d" % (out, i), "wb") as f:
            f.write(b)


main()
