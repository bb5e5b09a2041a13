#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""electron_like.py OUT [MIB] [SIGNER.pem SIGNER.key]: a folder shaped like an unpacked Electron app of about
MIB megabytes (400), made of what is on this machine: real machine code inside PE files (the app's own signed when
a certificate is given, native modules not), ELF modules, an asar of real scripts, paks. The same on each run on one machine."""
import json
import os
import struct
import subprocess
import sys

out, mib = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400
signer = sys.argv[3:5]
scale = mib / 400


def pool():
    """Real machine code, endlessly: the largest libraries of the machine and node."""
    names = ["/usr/bin/node", "/usr/bin/python3.11"]
    lib = "/usr/lib/x86_64-linux-gnu"
    names += [os.path.join(lib, n) for n in os.listdir(lib) if ".so" in n]
    names = [n for n in names if os.path.isfile(n) and not os.path.islink(n)]
    names.sort(key=lambda n: (-os.path.getsize(n), n))
    while True:
        for n in names[:40]:
            with open(n, "rb") as f:
                while block := f.read(1 << 20):
                    yield block


code = pool()


def take(n):
    got = bytearray()
    while len(got) < n:
        got += next(code)
    return bytes(got[:n])


def pe(text):
    """A PE32+ image with one section of these bytes."""
    text += bytes(-len(text) % 512)
    dos = b"MZ" + bytes(58) + struct.pack("<I", 64)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 1, 0, 0, 0, 240, 0x22)
    opt = struct.pack("<HBBIIIII", 0x20B, 14, 0, len(text), 0, 0, 0x1000, 0x1000)
    opt += struct.pack("<QIIHHHHHHIIIIHH", 0x140000000, 0x1000, 512, 6, 0, 0, 0, 6, 0, 0,
                       0x1000 + (len(text) + 0xFFF & ~0xFFF), 512, 0, 3, 0)
    opt += struct.pack("<QQQQII", 1 << 20, 4096, 1 << 20, 4096, 0, 16) + bytes(128)
    sec = b".text\0\0\0" + struct.pack("<IIIIIIHHI", len(text), 0x1000, len(text), 512, 0, 0, 0, 0, 0x60000020)
    head = dos + coff + opt + sec
    return head + bytes(512 - len(head)) + text


def write(path, data):
    path = os.path.join(out, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(data)
    return path


def program(path, n, sign=True):
    path = write(path, pe(take(int(n * scale))))
    if sign and len(signer) == 2:
        subprocess.run(["osslsigncode", "sign", "-certs", signer[0], "-key", signer[1], "-h", "sha256", "-in", path,
                        "-out", path + ".s"], check=True, stdout=subprocess.DEVNULL)
        os.rename(path + ".s", path)


def scripts(limit):
    """JavaScript and JSON of the machine's npm packages."""
    n, top = 0, os.environ.get("SCRIPTS", "/usr/share/nodejs:/usr/lib/node_modules:/usr/lib/python3").split(":")
    for t in top:
        for d, dirs, files in os.walk(t):
            dirs.sort()
            for name in sorted(files):
                p = os.path.join(d, name)
                if os.path.islink(p) or not name.endswith((".js", ".json", ".ts", ".md", ".py", ".css", ".mjs")):
                    continue
                with open(p, "rb") as f:
                    data = f.read()
                n += len(data)
                yield os.path.relpath(p, "/"), data
                if n >= limit:
                    return


def asar(files):
    root, body = {"files": {}}, []
    at = 0
    for path, data in files:
        node = root
        *dirs, name = path.split("/")
        for d in dirs:
            node = node["files"].setdefault(d, {"files": {}})
        node["files"][name] = {"size": len(data), "offset": str(at)}
        at += len(data)
        body.append(data)
    header = json.dumps(root, separators=(",", ":")).encode()
    padded = header + bytes(-len(header) % 4)
    pickle = struct.pack("<III", 4 + len(padded), len(header), 0)[:8]
    return struct.pack("<II", 4, 4 + 4 + len(padded)) + pickle + padded + b"".join(body)


M = 1 << 20
program("app.exe", 165 * M)
for name, size in [("libGLESv2.dll", 8), ("libEGL.dll", 1), ("ffmpeg.dll", 3), ("d3dcompiler_47.dll", 5),
                   ("vk_swiftshader.dll", 5), ("vulkan-1.dll", 1), ("resources/elevate.exe", 1)]:
    program(name, size * M)
for i in range(24):
    program("resources/native/module%02d.dll" % i, 3 * M, sign=False)
for i in range(8):
    write("resources/app.asar.unpacked/m%d.node" % i, b"\x7fELF\2\1\1" + take(int(4 * M * scale)))
for i in range(55):
    write("locales/l%02d.pak" % i, b"\5\0\0\0\1\0\0\0" + take(int(0.4 * M * scale)))
write("resources.pak", b"\5\0\0\0\1\0\0\0" + take(int(6 * M * scale)))
write("icudtl.dat", take(int(10 * M * scale)))
write("resources/app.asar", asar(scripts(int(70 * M * scale))))
