#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""dmg_make: HFS+ volumes and UDIF images for tests.

    dmg_make.py hfs DIR OUT [zlib=NAME] [zlibfork=NAME] [lzvn=NAME] [rsrc=NAME] [scatter=NAME] [hfsx] [name=VOLUME]
        the tree DIR (files, folders, symbolic and hard links) as an HFS+ volume; zlib=: the file is
        stored compressed by the file system, in its attribute (or its resource fork); rsrc=: it gets
        a resource fork; scatter=: its blocks are spread over more than 8 extents
    dmg_make.py udif IN OUT METHOD [CHUNK] [sign=BLOB]
        the image IN as UDIF; METHOD is raw, zlib, bzip2, lzma or lzfse (the last is only so named);
        the partition begins at sector 0; long runs of zeros become chunks of that kind
"""
import base64, bz2, lzma, os, stat, struct, sys, zlib

B = 4096


def uni(s):
    return s.encode('utf-16-be')


def fold(name):
    return [0xffff if c == '\0' else ord(c.lower()) for c in name]


class Tree:
    """A B-tree of (key, data) records in order."""

    def __init__(self, node, max_key, fixed):
        self.node, self.max_key, self.fixed, self.records = node, max_key, fixed, []

    def build(self):
        nodes, level = [None], []
        cur, size = [], 14 + 2

        def flush(kind, height):
            nonlocal cur, size
            body, offs = b'', []
            for r in cur:
                offs.append(14 + len(body))
                body += r[1]
            offs.append(14 + len(body))
            head = struct.pack('>IIbBHH', 0, 0, kind, height, len(cur), 0)
            n = head + body
            tab = b''.join(struct.pack('>H', o) for o in reversed(offs))
            nodes.append(n + bytes(self.node - len(n) - len(tab)) + tab)
            level.append((cur[0][0], len(nodes) - 1))
            cur, size = [], 14 + 2

        def fill(items, kind, height):
            nonlocal cur, size
            for key, data in items:
                rec = struct.pack('>H', len(key)) + key + (b'\0' if len(key) % 2 else b'') + data
                if len(rec) % 2:
                    rec += b'\0'
                if size + len(rec) + 2 > self.node:
                    flush(kind, height)
                cur.append((key, rec))
                size += len(rec) + 2
            if cur:
                flush(kind, height)

        height, root, first, last = 0, 0, 0, 0
        if self.records:
            height = 1
            fill(self.records, -1, 1)
            first, last = 1, len(nodes) - 1
            for i in range(first, last):
                nodes[i] = struct.pack('>I', i + 1) + nodes[i][4:]
            while len(level) > 1:
                items = [(k, struct.pack('>I', n)) for k, n in level]
                level.clear()
                height += 1
                fill(items, 0, height)
            root = level[0][1]
        total = len(nodes)
        hdr = struct.pack('>IIbBHH', 0, 0, 1, 0, 3, 0)
        hdr += struct.pack('>HIIIIHHIIHIBBI', height, root, len(self.records), first, last, self.node,
                           self.max_key, total, 0, 0, self.node, 0, 0xcf, 2 if self.fixed else 6)
        hdr += bytes(64) + bytes(128)
        used = bytearray(self.node - 14 - 106 - 128 - 8)
        for i in range(total):
            used[i // 8] |= 0x80 >> i % 8
        hdr += bytes(used) + struct.pack('>HHHH', self.node - 8, 14 + 106 + 128, 14 + 106, 14)
        nodes[0] = hdr
        return b''.join(nodes)


class Volume:
    def __init__(self, opts):
        self.opts = opts
        self.blocks = [None]  # block 0: header
        self.cat, self.ext, self.att = [], [], []
        self.next_id = 16
        self.inodes = {}
        self.private = 0
        self.files = self.folders = 0

    def alloc(self, data, scatter=False):
        """Extents for data: [(start, count)]."""
        out = []
        for i in range(0, len(data), B):
            self.blocks.append(data[i:i + B].ljust(B, b'\0'))
            at = len(self.blocks) - 1
            if out and out[-1][0] + out[-1][1] == at:
                out[-1][1] += 1
            else:
                out.append([at, 1])
            if scatter:
                self.blocks.append(b'\xee' * B)
        return out

    def fork(self, data, cnid=0, kind=0, scatter=False):
        ext = self.alloc(data, scatter)
        for i in range(8, len(ext), 8):
            first = sum(c for _, c in ext[:i])
            rec = b''.join(struct.pack('>II', s, c) for s, c in ext[i:i + 8]).ljust(64, b'\0')
            self.ext.append(((cnid, kind, first), struct.pack('>BBII', kind, 0, cnid, first), rec))
        body = b''.join(struct.pack('>II', s, c) for s, c in ext[:8]).ljust(64, b'\0')
        return struct.pack('>QII', len(data), 0, sum(c for _, c in ext)) + body

    def key(self, parent, name):
        return struct.pack('>IH', parent, len(uni(name)) // 2) + uni(name)

    def add(self, parent, name, data):
        self.cat.append(((parent, fold(name)), self.key(parent, name), data))

    def thread(self, kind, cnid, parent, name):
        self.add(cnid, '', struct.pack('>hhIH', kind, 0, parent, len(uni(name)) // 2) + uni(name))

    def folder(self, parent, name, cnid, mode, valence):
        self.folders += 1
        rec = struct.pack('>hHII5I', 1, 0, valence, cnid, *[0] * 5) + struct.pack(
            '>IIBBHI', 0, 0, 0, 0, mode, 0) + bytes(16 + 16 + 8)
        self.add(parent, name, rec)
        self.thread(3, cnid, parent, name)

    def file(self, parent, name, cnid, mode, data, rsrc=b'', flags=0, special=0, finder=b'', scatter=False):
        self.files += 1
        info = struct.pack('>IIBBHI', 0, 0, 0, flags, mode, special)
        rec = struct.pack('>hHII5I', 2, 2, 0, cnid, *[0] * 5) + info + finder.ljust(16, b'\0') + bytes(16 + 8)
        rec += self.fork(data, cnid, 0, scatter) + self.fork(rsrc, cnid, 0xff)
        self.add(parent, name, rec)
        self.thread(4, cnid, parent, name)

    def new_id(self):
        self.next_id += 1
        return self.next_id - 1

    def attribute(self, cnid, name, data):
        key = struct.pack('>HIIH', 0, cnid, 0, len(name)) + uni(name)
        self.att.append(((cnid, [ord(c) for c in name]), key, struct.pack('>IIII', 0x10, 0, 0, len(data)) + data))

    def compressed(self, name, data):
        """decmpfs: (attribute, resource fork)."""
        head = lambda t: struct.pack('<IIQ', 0x636d7066, t, len(data))
        if self.opts.get('zlib') == name:
            z = zlib.compress(data)
            return head(3) + (z if len(z) < len(data) else b'\xff' + data), b''
        if self.opts.get('lzvn') == name:
            return head(7) + b'\x06', b''
        blocks = [zlib.compress(data[i:i + 65536]) for i in range(0, len(data), 65536)]
        table, off = struct.pack('<I', len(blocks)), 4 + 8 * len(blocks)
        for b in blocks:
            table += struct.pack('<II', off, len(b))
            off += len(b)
        body = table + b''.join(blocks)
        fork = struct.pack('>IIII', 0x100, 0x104 + len(body), len(body) + 4, 50).ljust(0x100, b'\0')
        tail = bytes(24) + struct.pack('>HHH4sHHHHII', 28, 50, 0, b'cmpf', 0, 10, 1, 0xffff, 0, 0)
        return head(4), fork + struct.pack('>I', len(body)) + body + tail

    def put_file(self, parent, name, path):
        st = os.lstat(path)
        o = self.opts
        if stat.S_ISLNK(st.st_mode):
            self.file(parent, name, self.new_id(), st.st_mode, os.readlink(path).encode(), finder=b'slnkrhap')
            return
        data = open(path, 'rb').read()
        if st.st_nlink > 1:
            if st.st_ino not in self.inodes:
                if not self.private:
                    self.private = self.new_id()
                n = self.new_id()
                self.inodes[st.st_ino] = n
                self.file(self.private, 'iNode%d' % n, n, st.st_mode, data, special=st.st_nlink)
            self.file(parent, name, self.new_id(), 0o100444, b'', special=self.inodes[st.st_ino], finder=b'hlnkhfs+')
            return
        cnid, rsrc, flags = self.new_id(), b'', 0
        if name in (o.get('zlib'), o.get('zlibfork'), o.get('lzvn')):
            attr, rsrc = self.compressed(name, data)
            self.attribute(cnid, 'com.apple.decmpfs', attr)
            data, flags = b'', 0x20
        if o.get('rsrc') == name:
            rsrc = b'resource fork of ' + name.encode() * 500
        self.file(parent, name, cnid, st.st_mode, data, rsrc, flags, scatter=o.get('scatter') == name)

    def walk(self, path, parent):
        for name in sorted(os.listdir(path)):
            sub = os.path.join(path, name)
            disk = name.replace(':', '/')
            if os.path.isdir(sub) and not os.path.islink(sub):
                cnid = self.new_id()
                self.folder(parent, disk, cnid, os.lstat(sub).st_mode, len(os.listdir(sub)))
                self.walk(sub, cnid)
            else:
                self.put_file(parent, disk, sub)

    def special(self, recs, node, max_key, fixed=False):
        t = Tree(node, max_key, fixed)
        t.records = [(k, d) for _, k, d in sorted(recs, key=lambda r: r[0])]
        return self.fork(t.build())

    def build(self, path):
        self.folder(1, self.opts.get('name', 'Test'), 2, 0o40755, len(os.listdir(path)))
        self.walk(path, 2)
        if self.private:
            self.folder(2, '\0\0\0\0HFS+ Private Data', self.private, 0o41000, len(self.inodes))
        cat = self.special(self.cat, 4096, 516)
        att = self.special(self.att, 4096, 266) if self.att else bytes(80)
        ext = self.special(self.ext, 4096, 10, True)
        total = len(self.blocks) + 2 + len(self.blocks) // (8 * B)
        bits = bytearray((total + 8 * B - 1) // (8 * B) * B)
        for i in range(total):
            bits[i // 8] |= 0x80 >> i % 8
        alloc = self.fork(bytes(bits))
        self.blocks.append(bytes(B))
        total = len(self.blocks)
        hfsx = 'hfsx' in self.opts
        vh = (b'HX' if hfsx else b'H+') + struct.pack('>HI4sI', 5 if hfsx else 4, 0x100, b'10.0', 0)
        vh += struct.pack('>4I', 0, 0, 0, 0) + struct.pack('>II', self.files, self.folders - 1)
        vh += struct.pack('>6I', B, total, 0, 0, B, B) + struct.pack('>IIQ', self.next_id, 1, 1) + bytes(32)
        vh = vh.ljust(112, b'\0') + alloc + ext + cat + att + bytes(80)
        self.blocks[0] = bytes(1024) + vh + bytes(B - 1024 - len(vh))
        self.blocks[-1] = bytes(B - 1024) + vh + bytes(1024 - len(vh))
        return b''.join(self.blocks)


def adc(data):
    """Apple Data Compression, with runs of one byte as copies."""
    out, i = b'', 0
    while i < len(data):
        run = 1
        while i + run < len(data) and run < 66 and data[i + run] == data[i]:
            run += 1
        if run > 5:
            out += bytes([0x80, data[i], 0x40 | run - 1 - 4, 0, 0])
            i += run
        else:
            n = min(run, 128)
            out += bytes([0x80 | n - 1]) + data[i:i + n]
            i += n
    return out


METHODS = {
    'raw': (1, lambda d: d),
    'zlib': (0x80000005, lambda d: zlib.compress(d, 6)),
    'bzip2': (0x80000006, bz2.compress),
    'lzma': (0x80000008, lzma.compress),
    'lzfse': (0x80000007, lambda d: b'bvx$' + d[:64]),
    'adc': (0x80000004, adc),
}


def checksum(crc):
    return struct.pack('>III', 2, 32, crc).ljust(136, b'\0')


def udif(image, method, chunk, sign):
    image = image.ljust((len(image) + 511) // 512 * 512, b'\0')
    kind, pack = METHODS[method]
    fork, chunks = b'', b''
    for at in range(0, len(image), chunk):
        part = image[at:at + chunk]
        if not any(part):
            chunks += struct.pack('>IIQQQQ', 2, 0, at // 512, len(part) // 512, len(fork), 0)
            continue
        packed = pack(part)
        chunks += struct.pack('>IIQQQQ', kind, 0, at // 512, len(part) // 512, len(fork), len(packed))
        fork += packed
    chunks += struct.pack('>IIQQQQ', 0xffffffff, 0, len(image) // 512, 0, len(fork), 0)
    crc = zlib.crc32(image)
    mish = b'mish' + struct.pack('>IQQQII', 1, 0, len(image) // 512, 0, chunk // 512 + 8, 0) + bytes(24)
    mish += checksum(crc) + struct.pack('>I', len(chunks) // 40) + chunks
    data = base64.encodebytes(mish).decode().replace('\n', '\n\t\t\t\t')
    plist = ('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD PLIST 1.0//EN" '
             '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n<dict>\n\t<key>resource-fork</key>\n'
             '\t<dict>\n\t\t<key>blkx</key>\n\t\t<array>\n\t\t\t<dict>\n\t\t\t\t<key>Attributes</key>\n\t\t\t\t<string>0x0050</string>\n'
             '\t\t\t\t<key>CFName</key>\n\t\t\t\t<string>whole disk (Apple_HFS : 0)</string>\n\t\t\t\t<key>Data</key>\n\t\t\t\t<data>\n\t\t\t\t'
             + data + '</data>\n\t\t\t\t<key>ID</key>\n\t\t\t\t<string>0</string>\n\t\t\t\t<key>Name</key>\n'
             '\t\t\t\t<string>whole disk (Apple_HFS : 0)</string>\n\t\t\t</dict>\n\t\t</array>\n\t</dict>\n</dict>\n</plist>\n').encode()
    master = zlib.crc32(struct.pack('>I', crc))
    sig_off = len(fork) + len(plist)
    koly = b'koly' + struct.pack('>III', 4, 512, 1) + struct.pack('>QQQQQ', 0, 0, len(fork), 0, 0)
    koly += struct.pack('>II', 1, 1) + bytes(range(16)) + checksum(zlib.crc32(fork))
    koly += struct.pack('>QQ', len(fork), len(plist))
    koly = koly.ljust(296, b'\0') + struct.pack('>QQ', sig_off if sign is not None else 0, len(sign or b''))
    koly = koly.ljust(352, b'\0') + checksum(master) + struct.pack('>IQ', 1, len(image) // 512)
    return fork + plist + (sign or b'') + koly.ljust(512, b'\0')


def main(argv):
    opts = dict((a.split('=', 1) + [''])[:2] for a in argv[3:])
    if argv[0] == 'hfs':
        open(argv[2], 'wb').write(Volume(opts).build(argv[1]))
    elif argv[0] == 'udif':
        chunk = int(argv[4]) if len(argv) > 4 and argv[4].isdigit() else 262144
        sign = open(opts['sign'], 'rb').read() if 'sign' in opts else None
        open(argv[2], 'wb').write(udif(open(argv[1], 'rb').read(), argv[3], chunk, sign))
    else:
        sys.exit(__doc__)


main(sys.argv[1:])
