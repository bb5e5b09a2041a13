# SPDX-License-Identifier: Apache-2.0
"""net_forms.py OUT CERTIFICATE: a capture of what net_forms.t wants told in Zeek's forms: DNS
records, NetBIOS status, a certificate, an anonymous cipher, odd requests."""

import os
import runpy
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.argv = [sys.argv[0], "/dev/null", "plain"] + sys.argv[1:]
made = runpy.run_path(os.path.join(HERE, "watch_capture.py"))
OUT, CERT = sys.argv[3:5]
made["records"].clear()
lookup, udp, http, dname, question = (made[k] for k in ("lookup", "udp", "http", "dname", "question"))

SELF = b"\xc0\x0c"
SIGNATURE = struct.pack("!HBBIIIH", 1, 8, 2, 3600, 2, 1, 7)
DATA = [
    (99, b"\x0bv=spf1 -all\x01x"),
    (16, b"\x20short"),
    (46, SIGNATURE + dname("Sig.example") + bytes(64)),
    (46, SIGNATURE + b"\0" + bytes(64)),
    (46, SIGNATURE + b"\xc0\x0c" + bytes(64)),
    (47, b"\x03a.b" + dname("next.example") + b"\0\1\x40"),
    (48, struct.pack("!HBB", 257, 3, 13) + bytes(64)),
    (48, b"\0\1\3"),
    (43, struct.pack("!HBB", 9, 8, 2) + bytes(32)),
    (44, b"\1\2\xab\xcd"),
    (29, b"\0\x12\x16\x13" + bytes(12)),
    (50, bytes(9)), (51, bytes(5)), (65534, bytes(5)), (52, bytes(35)),
]
for n, (kind, data) in enumerate(DATA):
    lookup("10.9.0.%d" % (n + 1), "f%d.example" % n, [(SELF, kind, data)], kind)

udp("10.9.1.1", 137, "10.9.1.255", 137, question(9, b"\x20CK" + b"A" * 30 + b"\0", 33))
udp("10.9.1.1", 137, "10.9.1.255", 137, b"\0\x0a\x29\x10" + question(9, b"\x20" + b"EN" * 16 + b"\0", 32)[4:])
udp("10.9.1.1", 137, "192.0.2.53", 53, b"\0\x0b\x28\0" + question(9, dname("zone.example"), 6)[4:])
udp("192.0.2.53", 53, "10.9.1.1", 137, b"\0\x0b\xa8\x08" + question(9, dname("zone.example"), 6)[4:])

cert = open(CERT, "rb").read()
one = struct.pack("!I", len(cert))[1:] + cert
hello = made["handshake"](2, b"\x03\x03" + bytes(32) + b"\0\xc0\x19\0" + made["v16"](b""))
chain = made["handshake"](11, struct.pack("!I", len(one))[1:] + one)
t = made["Tcp"]("10.9.2.1", 50000, "10.9.2.2", 443)
t.send(0, made["client_hello"](b"anon.example"))
t.send(1, made["record"](hello + chain))
t.close()

t = made["Tcp"]("10.9.2.3", 50000, "10.9.2.2", 443)
t.send(1, b"\x16\x03\x01" + made["v16"](made["handshake"](2, b"\x7f\x0e" + bytes(32) + b"\x13\x01" + made["v16"](b""))))
t.close()

for n, request in enumerate([
        b"GET /two HTTP/2.0\r\nHost: two.example\r\n\r\n",
        b"PURGE /low http/1.1\r\nHost: low.example\r\n\r\n",
        b"GET  HTTP/1.1\r\nHost: empty.example\r\n\r\n",
        b"GET /old\r\n",
        b"CONNECT mail.example:25 / HTTP/1.0\r\n\r\n",
        b"GET /ctl HTTP/1.1\r\nX: \x01\x1b\r\nHost: ctl.example\r\n\r\n"]):
    http("10.9.3.%d" % (n + 1), 50000, "10.9.3.99", request)

with open(OUT, "wb") as f:
    f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
    for at, data in made["records"]:
        f.write(struct.pack("<IIII", at // 10**6, at % 10**6, len(data), len(data)) + data)
