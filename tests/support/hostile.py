# SPDX-License-Identifier: Apache-2.0
# hostile DIR: writes archives that are made to hurt who unpacks them, and a few honest ones beside
# them that look alike.
import gzip, io, lzma, os, struct, sys, tarfile, zipfile, zlib

os.chdir(sys.argv[1])


def put(name, data):
    with open(name, 'wb') as f:
        f.write(data)


def tar(entries, fmt=tarfile.PAX_FORMAT):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=fmt) as t:
        for name, kind, content in entries:
            i = tarfile.TarInfo(name)
            i.type = kind
            if kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
                i.linkname = content
                t.addfile(i)
            else:
                i.size = len(content)
                t.addfile(i, io.BytesIO(content))
    return out.getvalue()


def zipped(entries, method=zipfile.ZIP_DEFLATED):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w', method) as z:
        for name, content in entries:
            z.writestr(zipfile.ZipInfo(name), content, method)
    return out.getvalue()


FILE, SYM, LNK = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE

# --- paths
put('up.tar', tar([('../x', FILE, b'x')]))
put('up-inside.tar', tar([('a/../../x', FILE, b'x')]))
put('absolute.tar', tar([('/etc/x', FILE, b'x')]))
put('behind-link.tar', tar([('a', SYM, '/tmp'), ('a/x', FILE, b'x')]))
put('link-out.tar', tar([('a', LNK, '../../etc/passwd')]))
put('twice.tar', tar([('a', FILE, b'1'), ('./a', FILE, b'2')]))
put('up.zip', zipped([('../x', b'x')]))
put('backslash.zip', zipped([('a\\..\\..\\x', b'x')]))
put('drive.zip', zipped([('C:\\x', b'x')]))
put('twice.zip', zipped([('aa', b'1'), ('bb', b'2')]).replace(b'bb', b'aa'))
put('below-file.zip', zipped([('a', b'1'), ('a/b', b'2')]))

# --- bombs
put('zeros.zip', zipped([('a', bytes(100 << 20))]))
t = tarfile.TarInfo('a')
t.size = 300 << 20
z = zlib.compressobj(6, zlib.DEFLATED, 31)
put('zeros.tar.gz', b''.join([z.compress(t.tobuf(tarfile.GNU_FORMAT))] +
    [z.compress(bytes(1 << 20)) for _ in range(300)] + [z.compress(bytes(1024)), z.flush()]))
put('twice-compressed.tar.gz', gzip.compress(open('zeros.tar.gz', 'rb').read()))


# One kernel of zeros for many names: David Fifield's overlap, without the quoting.
def overlapped(n):
    data = zlib.compress(bytes(1 << 20), 9)[2:-4]
    crc = zlib.crc32(bytes(1 << 20))
    local, central = b'', b''
    for i in range(n):
        name = b'%06d' % i
        common = struct.pack('<HHHHHIIIHH', 20, 0, 8, 0, 0x21, crc, len(data), 1 << 20, len(name), 0)
        if i == 0:
            local = b'PK\3\4' + common + name + data
        central += b'PK\1\2' + struct.pack('<H', 20) + common + struct.pack('<HHHII', 0, 0, 0, 0, 0) + name
    end = struct.pack('<IHHHHIIH', 0x06054b50, 0, 0, n, n, len(central), len(local), 0)
    return local + central + end


put('overlap.zip', overlapped(200))

# --- numbers
def many(n):
    local, central = [], []
    for i in range(n):
        name = b'd%d/f%d' % (i // 1000, i)
        common = struct.pack('<HHHHHIIIHH', 20, 0, 0, 0, 0x21, 0, 0, 0, len(name), 0)
        central.append(b'PK\1\2' + struct.pack('<H', 20) + common +
                       struct.pack('<HHHII', 0, 0, 0, 0, many.at) + name)
        local.append(b'PK\3\4' + common + name)
        many.at += len(local[-1])
    central = b''.join(central)
    end = b'PK\6\6' + struct.pack('<QHHIIQQQQ', 44, 45, 45, 0, 0, n, n, len(central), many.at)
    end += b'PK\6\7' + struct.pack('<IQI', 0, many.at + len(central), 1)
    return b''.join(local) + central + end + b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, 65535, 65535,
        0xffffffff, 0xffffffff, 0)


many.at = 0
put('many.zip', many(100000))
i = tarfile.TarInfo('d/000000')
one = i.tobuf(tarfile.USTAR_FORMAT)
base = sum(one) - sum(one[148:156]) - 6 * 48


def ustar(n):
    digits = b'%06d' % n
    h = bytearray(one)
    h[2:8] = digits
    h[148:156] = b'%06o\0 ' % (base + sum(digits) + 8 * 32)
    return bytes(h)


put('many.tar.gz', gzip.compress(b''.join(ustar(n) for n in range(100000)) + bytes(1024), 1))
put('names.tar.gz', gzip.compress(tar([('%05d/' % i + 'n' * 3900, FILE, b'') for i in range(6000)]), 1))

# --- memory
put('string-table.ar.gz', gzip.compress(b'!<arch>\n' +
    b'//%58s' % (b'%-46s%-10d`\n' % (b'', 120 << 20)) + bytes(120 << 20), 3))


def sparse_map(n):
    text = b'%d\n' % n + b''.join(b'%d\n1\n' % (2 * i) for i in range(n))
    text += bytes(-len(text) % 512)
    records = b''
    for k, v in [('GNU.sparse.major', '1'), ('GNU.sparse.minor', '0'), ('GNU.sparse.name', 'a'),
                 ('GNU.sparse.realsize', str(2 * n))]:
        body = ' %s=%s\n' % (k, v)
        size = len(body) + 2
        records += ('%d%s' % (size if len(str(size)) == 2 else size + 1, body)).encode()
    x = tarfile.TarInfo('x')
    x.type = b'x'
    x.size = len(records)
    f = tarfile.TarInfo('GNUSparseFile.0/a')
    f.size = len(text) + n
    return (x.tobuf(tarfile.USTAR_FORMAT) + records + bytes(-len(records) % 512) +
            f.tobuf(tarfile.USTAR_FORMAT) + text + bytes(n) + bytes(-n % 512) + bytes(1024))


put('sparse-map.tar.gz', gzip.compress(sparse_map(1000000), 1))
sparse = tarfile.TarInfo('x')
sparse.type = b'x'
sparse.size = 64 << 20
put('pax.tar.gz', gzip.compress(sparse.tobuf(tarfile.USTAR_FORMAT) + b'99999999 comment=' + bytes(64 << 20), 3))
huge = tarfile.TarInfo('x')
huge.type = b'L'
huge.size = 30 << 20
put('longname.tar.gz', gzip.compress(huge.tobuf(tarfile.GNU_FORMAT) + b'n' * (30 << 20), 3))


# xz with a dictionary as large as is wanted (of LZMA2, in the block header).
def xz(data, dictionary):
    return lzma.compress(data, lzma.FORMAT_XZ, filters=[{'id': lzma.FILTER_LZMA2, 'preset': 1,
                         'dict_size': dictionary}]) if dictionary <= 1 << 27 else None


def xz_giant(data):
    b = bytearray(xz(data, 1 << 20))
    head = b[12:12 + (b[12] + 1) * 4]
    at = bytes(head).index(b'\x21\x01') + 2
    head[at] = 39 # 3 GiB
    head[-4:] = struct.pack('<I', zlib.crc32(bytes(head[:-4])))
    b[12:12 + len(head)] = head
    return bytes(b)


small = tar([('a', FILE, b'hello')])
large = tar([('a', FILE, os.urandom(1 << 20) * 70)])
put('small-64.tar.xz', xz(small, 64 << 20))
put('large-64.tar.xz', xz(large, 64 << 20))
put('small-giant.tar.xz', xz_giant(small))
put('small.tar', small)
put('large.tar', large)


# zstd: a window of 3.75 GiB in the header of a frame with one raw block.
put('giant.tar.zst', b'\x28\xb5\x2f\xfd\0' + bytes([(21 << 3) | 7]) +
    struct.pack('<I', len(small) << 3 | 1)[:3] + small)

# --- what surrounds a zip, or is locked in it
plain = zipped([('a', b'hello'), ('b', b'x')], zipfile.ZIP_STORED)
put('front.zip', b'#!/bin/sh\n' + plain)
put('behind.zip', plain + b'appended')
enc = bytearray(plain)
for at in (6, plain.index(b'PK\1\2') + 8):
    enc[at] |= 1
put('encrypted.zip', bytes(enc))
odd = bytearray(plain)
for at in (8, plain.index(b'PK\1\2') + 10):
    odd[at] = 77
put('method.zip', bytes(odd))
put('case.zip', zipped([('Readme', b'1'), ('README', b'2'), ('d/x', b''), ('D/y', b'')]))
put('nul.zip', zipped([('aXb', b'1')]).replace(b'aXb', b'a\0b'))

# --- archives in archives
inner = zipped([('x', b'x')])
for i in range(50):
    inner = zipped([('%d.zip' % i, inner)])
put('deep.zip', inner)
