#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""msi_plant.py KIND IN OUT: a changed copy of a compound file (version 3, one FAT sector list in the
header), for msi.t. Knows as much of MS-CFB as that takes, and shares no code with the product.

KIND: append, sectors, free, lost, unlisted, unused, slack, minislack, padding, grown, rename, string,
entrytime"""
import struct
import sys

END, FREE = 0xfffffffe, 0xffffffff
PAYLOAD = b"stowaway" * 16


class Cfb:
    def __init__(self, data):
        self.b = bytearray(data)
        assert self.u16(26) == 3
        self.fat_sectors = [self.u32(76 + 4 * i) for i in range(self.u32(44))]
        self.dir = self.chain(self.u32(48))
        self.root = self.entry(0)
        self.mini = self.chain(self.u32(self.root + 116))
        self.minifat = self.chain(self.u32(60))

    def u16(self, at):
        return struct.unpack_from("<H", self.b, at)[0]

    def u32(self, at):
        return struct.unpack_from("<I", self.b, at)[0]

    def put32(self, at, v):
        struct.pack_into("<I", self.b, at, v)

    @staticmethod
    def off(sector):
        return (sector + 1) * 512

    def fat_at(self, sector):
        return self.off(self.fat_sectors[sector // 128]) + sector % 128 * 4

    def chain(self, s):
        out = []
        while s < 0xfffffffa:
            out.append(s)
            s = self.u32(self.fat_at(s))
        return out

    def entry(self, i):
        return self.off(self.dir[i // 4]) + i % 4 * 128

    def entries(self):
        return [self.entry(i) for i in range(len(self.dir) * 4)]

    def name(self, e):
        n = self.u16(e + 64)
        return bytes(self.b[e:e + n - 2]).decode("utf-16-le") if n else ""

    def find(self, name):
        return next(e for e in self.entries() if self.name(e) == name)

    def mini_off(self, mini):
        return self.off(self.mini[mini * 64 // 512]) + mini * 64 % 512

    def last_byte(self, e):
        """Where the byte behind a stream's end is."""
        size, s = self.u32(e + 120), self.u32(e + 116)
        mini = size < 4096
        unit = 64 if mini else 512
        for _ in range((size - 1) // unit):
            s = self.u32(self.off(self.minifat[s // 128]) + s % 128 * 4) if mini else self.u32(self.fat_at(s))
        return (self.mini_off(s) if mini else self.off(s)) + (size - 1) % unit + 1

    def streams(self, mini, room):
        unit = 64 if mini else 512
        return [e for e in self.entries() if self.b[e + 66] == 2 and self.u32(e + 120) and
                (self.u32(e + 120) < 4096) == mini and self.u32(e + 120) % unit and
                unit - self.u32(e + 120) % unit >= room and self.b[e] != 5]

    def add_sector(self, mark, data):
        assert len(self.b) % 512 == 0
        s = len(self.b) // 512 - 1
        assert self.u32(self.fat_at(s)) == FREE
        self.b += data.ljust(512, b"\0")
        self.put32(self.fat_at(s), mark)
        return s


def main():
    kind, src, dst = sys.argv[1:]
    c = Cfb(open(src, "rb").read())
    sig = "\5DigitalSignature"
    if kind == "append":
        c.b += PAYLOAD * 8
        c.b = c.b[:-20]
    elif kind == "sectors":
        c.b += (PAYLOAD * 8)[:1024]
    elif kind == "free":
        c.add_sector(FREE, PAYLOAD)
        c.add_sector(END, b"")  # something in use behind it: the mini FAT's chain grows
        c.put32(c.fat_at(c.minifat[-1]), len(c.b) // 512 - 2)
        last = c.off(len(c.b) // 512 - 2)
        c.b[last:last + 512] = b"\xff" * 512
        c.put32(64, len(c.minifat) + 1)
    elif kind == "lost":
        c.add_sector(END, PAYLOAD)
    elif kind in ("unlisted", "unused"):
        e = next((e for e in c.entries() if c.b[e + 66] == 0), None)
        if e is None:
            s = c.add_sector(END, b"")
            c.put32(c.fat_at(c.dir[-1]), s)
            e = c.off(s)
            for i in range(4):
                c.b[e + i * 128 + 68:e + i * 128 + 80] = b"\xff" * 12
        if kind == "unused":
            c.b[e + 80:e + 96] = PAYLOAD[:16]
        else:
            s = c.add_sector(END, PAYLOAD)
            name = "hidden".encode("utf-16-le")
            c.b[e:e + len(name)] = name
            c.b[e + 64:e + 67] = struct.pack("<HB", len(name) + 2, 2)
            c.b[e + 67] = 1
            c.put32(e + 116, s)
            c.put32(e + 120, 4096)
            for i in range(7):
                t = c.add_sector(END, PAYLOAD)
                c.put32(c.fat_at(s), t)
                s = t
    elif kind in ("slack", "minislack"):
        at = c.last_byte(c.streams(kind == "minislack", 8)[0])
        c.b[at:at + 8] = PAYLOAD[:8]
    elif kind in ("padding", "grown"):
        e = c.find(sig)
        size = c.u32(e + 120)
        at, room = c.last_byte(e), (64 - size % 64) % 64
        assert room >= 2 and size < 4096
        c.b[at:at + room] = PAYLOAD[:room]
        if kind == "grown":
            c.put32(e + 120, size + room)
    elif kind == "rename":
        # the last character of the table stream that is last by name: its place stays
        e = max((e for e in c.entries() if c.b[e + 66] == 2 and c.u16(e) == 0x4840),
                key=lambda e: bytes(c.b[e:e + 64]))
        n = c.u16(e + 64)
        c.b[e + n - 4] ^= 1
    elif kind == "string":
        e = max((e for e in c.entries() if c.b[e + 66] == 2 and c.u16(e) == 0x4840),
                key=lambda e: c.u32(e + 120))
        at = c.last_byte(e) - 1
        c.b[at] ^= 0x20
    elif kind == "entrytime":
        e = c.streams(True, 1)[0]
        c.b[e + 100:e + 108] = PAYLOAD[:8]
    else:
        sys.exit(__doc__)
    open(dst, "wb").write(c.b)


main()
