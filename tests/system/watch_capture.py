# SPDX-License-Identifier: Apache-2.0
"""watch_capture.py OUT WHAT: captures for watch.t and others, made by hand so that they hold what no honest
program sends. WHAT: plain, hostile, tls CERTIFICATE, again, shared, many, refused, beacon."""

import socket
import struct
import sys

records = []
clock = [1679486400 * 10**6]


def frame(data):
    clock[0] += 1000
    records.append((clock[0], data))


def eth(ip):
    return bytes(12) + b"\x08\x00" + ip


def ipv4(src, dst, proto, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 1, 0, 64, proto, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return eth(head + body)


def udp(src, sport, dst, dport, body):
    frame(ipv4(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body))


class Tcp:
    """A connection; sides: (client, server)."""

    def __init__(self, client, cport, server, sport):
        self.at = [(client, cport), (server, sport)]
        self.seq = [1000, 5000]
        self.segment(0, 0x02)
        self.segment(1, 0x12)
        self.segment(0, 0x10)

    def segment(self, side, flags, body=b""):
        (src, sport), (dst, dport) = self.at[side], self.at[1 - side]
        frame(ipv4(src, dst, 6, struct.pack("!HHIIBBHHH", sport, dport, self.seq[side],
              self.seq[1 - side] if flags & 0x10 else 0, 0x50, flags, 65535, 0, 0) + body))
        self.seq[side] += len(body) + bool(flags & 0x03)

    def send(self, side, body):
        for i in range(0, len(body), 1400):
            self.segment(side, 0x18, body[i:i + 1400])

    def close(self):
        self.segment(0, 0x11)
        self.segment(1, 0x11)
        self.segment(0, 0x10)


def labels(name):
    return b"".join(bytes([len(x)]) + x for x in name) + b"\0"


def dname(text):
    return labels([x.encode() for x in text.split(".")])


def question(ident, name, qtype):
    return struct.pack("!HHHHHH", ident, 0x0100, 1, 0, 0, 0) + name + struct.pack("!HH", qtype, 1)


def answer(ident, name, qtype, records, rcode=0):
    out = struct.pack("!HHHHHH", ident, 0x8180 | rcode, 1, len(records), 0, 0)
    out += name + struct.pack("!HH", qtype, 1)
    for owner, rtype, data in records:
        out += owner + struct.pack("!HHIH", rtype, 1, 300, len(data)) + data
    return out


def lookup(client, name, records, qtype=1, resolver="192.0.2.53", rcode=0):
    ident = len(globals()["records"]) & 0xffff
    name = dname(name) if isinstance(name, str) else name
    udp(client, 40000 + ident, resolver, 53, question(ident, name, qtype))
    udp(resolver, 53, client, 40000 + ident, answer(ident, name, qtype, records, rcode))


def v16(body):
    return struct.pack("!H", len(body)) + body


def handshake(kind, body):
    return bytes([kind]) + struct.pack("!I", len(body))[1:] + body


def record(body):
    return b"".join(b"\x16\x03\x03" + v16(body[i:i + 16000]) for i in range(0, len(body), 16000))


def client_hello(sni, ech=False, alpn=(b"h2", b"http/1.1")):
    ext = b""
    if sni is not None:
        ext += struct.pack("!H", 0) + v16(v16(b"\0" + v16(sni)))
    ext += struct.pack("!H", 10) + v16(v16(b"\x00\x1d\x00\x17"))
    ext += struct.pack("!H", 11) + v16(b"\x01\x00")
    ext += struct.pack("!H", 13) + v16(v16(b"\x04\x03\x08\x04"))
    ext += struct.pack("!H", 16) + v16(v16(b"".join(bytes([len(x)]) + x for x in alpn)))
    ext += struct.pack("!H", 43) + v16(b"\x04\x03\x04\x03\x03")
    if ech:
        ext += struct.pack("!H", 0xfe0d) + v16(b"\0\0\1\0\1\5" + v16(bytes(32)) + v16(bytes(64)))
    body = b"\x03\x03" + bytes(range(32)) + b"\0" + v16(b"\x13\x01\xc0\x2f") + b"\1\0" + v16(ext)
    return record(handshake(1, body))


def server_hello(cert):
    ext = struct.pack("!H", 0xff01) + v16(b"\0") + struct.pack("!H", 16) + v16(v16(b"\x02h2"))
    out = handshake(2, b"\x03\x03" + bytes(32) + b"\0" + b"\xc0\x2f\0" + v16(ext))
    if cert:
        one = struct.pack("!I", len(cert))[1:] + cert
        out += handshake(11, struct.pack("!I", len(one))[1:] + one)
    return record(out + handshake(14, b""))


def tls(client, cport, server, sni, cert=None, ech=False):
    t = Tcp(client, cport, server, 443)
    t.send(0, client_hello(sni, ech))
    t.send(1, server_hello(cert))
    t.close()


def http(client, cport, server, request):
    t = Tcp(client, cport, server, 80)
    t.send(0, request)
    t.send(1, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    t.close()


def plain():
    ip = socket.inet_aton
    lookup("10.0.0.1", "www.good.example", [(b"\xc0\x0c", 1, ip("198.51.100.1"))])
    lookup("10.0.0.2", "deep.sub.bad.example", [(b"\xc0\x0c", 1, ip("198.51.100.2"))])
    lookup("10.0.0.3", "start.example", [
        (b"\xc0\x0c", 5, dname("mid.chain.example")),
        (dname("mid.chain.example"), 5, dname("end.bad-target.example")),
        (dname("end.bad-target.example"), 1, ip("203.0.113.66"))])
    lookup("10.0.0.4", "gone.example", [], rcode=3)
    lookup("10.0.0.5", "v6.example", [(b"\xc0\x0c", 28, socket.inet_pton(socket.AF_INET6, "2001:db8:bad::5"))], 28)
    http("10.0.0.6", 50001, "198.51.100.80", b"GET /gate/index.php?id=7 HTTP/1.1\r\nHost: Web.Bad-Host.example:8080\r\n"
         b"User-Agent: curl/7\r\nReferer: http://r.example/\r\n\r\n")
    http("10.0.0.7", 50002, "198.51.100.81", b"POST /news.html HTTP/1.0\r\nHost: ok.example\r\n\r\n")
    Tcp("10.0.0.8", 50003, "203.0.113.77", 4444).close()
    Tcp("10.0.0.9", 50004, "203.0.114.9", 443).close()


def hostile():
    ip = socket.inet_aton
    odd = labels([b'q"uo\\te', b"\x00\x01\x1b[31m", b"\xff\xfe", b"\xe2\x80\xae", b"example"])
    lookup("10.1.0.1", odd, [(b"\xc0\x0c", 1, ip("198.51.100.3"))])
    lookup("10.1.0.2", "txt.example", [(b"\xc0\x0c", 16, b"\x05he\"l\n\x04\xff\xfe\x00\x80\x03\xc3\xa9\\")], 16)
    lookup("10.1.0.3", "raw.example", [(b"\xc0\x0c", 65400, bytes(range(256)))], 65400)
    lookup("10.1.0.4", "cut.example", [(b"\xc0\x0c", 1, b"\1\2\3")])
    udp("10.1.0.5", 40001, "192.0.2.53", 53, b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01")
    udp("10.1.0.5", 40002, "192.0.2.53", 53, bytes(3))
    http("10.1.0.6", 50001, "198.51.100.80", b"GET /\xff\xfe\x80\"\\\x7f\xc2\x85\xe2\x80\xa8 HTTP/1.1\r\nHost: b\xffd\"\x01.example\r\n"
         b"User-Agent: \x1b]0;x\x07\xed\xa0\x80\xf5\r\nReferer: \xc0\x80\r\nHost: second.example\r\n\r\n")
    tls("10.1.0.7", 50002, "198.51.100.90", b"n\xff\x00\"\\\x1b.example")
    tls("10.1.0.8", 50003, "198.51.100.91", b"")
    tls("10.1.0.9", 50004, "198.51.100.92", None)


def with_tls(cert):
    ip = socket.inet_aton
    lookup("10.2.0.1", "hidden.resolved.example", [(b"\xc0\x0c", 1, ip("198.51.100.101"))])
    tls("10.2.0.1", 50001, "198.51.100.101", None)
    tls("10.2.0.2", 50002, "198.51.100.102", b"www.sni-bad.example", cert)
    lookup("10.2.0.3", "inner.example", [(b"\xc0\x0c", 1, ip("198.51.100.103"))])
    tls("10.2.0.3", 50003, "198.51.100.103", b"public.ech.example", None, True)


def refused():
    c = Tcp.__new__(Tcp)
    c.at = [("10.0.0.5", 40005), ("198.51.100.5", 8080)]
    c.seq = [1000, 0]
    c.segment(0, 0x02)
    c.segment(1, 0x14)


def many():
    for i in range(3000):
        lookup("10.3.%d.%d" % (i >> 8, i & 255), "host%d.many.example" % i,
               [(b"\xc0\x0c", 1, struct.pack("!I", 0xc6336400 + (i & 255)))])


def again():
    """The same in one message: an address twice, more names than are asked for at once."""
    a = socket.inet_aton("203.0.113.66")
    lookup("10.5.0.1", "twice.example", [(b"\xc0\x0c", 1, a), (b"\xc0\x0c", 1, a)], resolver="203.0.114.53")
    lookup("10.5.0.2", "long.test", [(dname("n%d.long.test" % i), 5, dname("n%d.long.test" % (i + 1))) for i in range(100)]
           + [(dname("x.bad.example"), 5, dname("y.bad.example"))], resolver="203.0.114.53")


def shared():
    """Two clients and an address that has one name, or two."""
    a = [(b"\xc0\x0c", 1, socket.inet_aton("198.51.100.7"))]
    lookup("10.6.0.1", "one.example", a)
    tls("10.6.0.1", 50001, "198.51.100.7", None)
    lookup("10.6.0.2", "good.example", a)
    lookup("10.6.0.2", "newest.example", a)
    tls("10.6.0.2", 50002, "198.51.100.7", None)


def beacon():
    start = clock[0]
    due = [(i * 600, 0) for i in range(48)] + [(i * i * i * 7 % 28000, 1) for i in range(48)]
    for n, (at, who) in enumerate(sorted(due)):
        clock[0] = start + at * 10**6
        if who == 0:
            http("10.4.0.1", 51000 + n, "198.51.100.200", b"GET /ping HTTP/1.1\r\nHost: home.call.example\r\n\r\n")
        else:
            http("10.4.0.2", 52000 + n, "198.51.100.201",
                 b"GET /" + b"x" * (n * 53 % 900) + b" HTTP/1.1\r\nHost: people.example\r\n\r\n")


def main():
    out, what = sys.argv[1:3]
    if what == "plain":
        plain()
    elif what == "hostile":
        hostile()
    elif what == "tls":
        with_tls(open(sys.argv[3], "rb").read())
    elif what == "refused":
        refused()
    elif what == "again":
        again()
    elif what == "shared":
        shared()
    elif what == "beacon":
        beacon()
    else:
        many()
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for at, data in records:
            f.write(struct.pack("<IIII", at // 10**6, at % 10**6, len(data), len(data)) + data)


main()
