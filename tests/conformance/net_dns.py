# SPDX-License-Identifier: Apache-2.0
"""net_dns.py agree ROWS CAPTURE: every DNS message that dns_rows gave against what tshark says of the
same packet: questions, owners and types of records, addresses, targets.
net_dns.py make OUT: a capture of mDNS, LLMNR and NBNS, and of bad messages, made by hand."""

import collections
import socket
import struct
import subprocess
import sys

FIELDS = ["frame.number", "dns.id", "dns.flags.response", "dns.flags.rcode", "dns.qry.name",
          "dns.qry.type", "dns.resp.name", "dns.resp.type", "dns.a", "dns.aaaa", "dns.cname",
          "dns.ns", "dns.ptr.domain_name", "dns.mx.mail_exchange", "dns.srv.target",
          "dns.soa.mname", "dns.soa.rname", "dns.dname", "dns.svcb.targetname",
          "dns.svcb.svcparam.ipv4hint.ip", "dns.svcb.svcparam.ipv6hint.ip",
          "dns.naptr.replacement", "nbns.name", "nbns.type", "nbns.addr", "_ws.malformed"]
# type: (field of the target, field of an extra target)
TARGETS = {5: "dns.cname", 2: "dns.ns", 12: "dns.ptr.domain_name", 15: "dns.mx.mail_exchange",
           33: "dns.srv.target", 6: "dns.soa.mname", 39: "dns.dname", 64: "dns.svcb.targetname",
           65: "dns.svcb.targetname", 35: "dns.naptr.replacement"}


def name(s):
    """tshark leaves dots and blanks inside labels as they are."""
    s = s.lower().replace("\\046", ".").replace("\\032", " ")
    return "." if s in ("<root>", "") else s


def tshark(path):
    # what an ICMP error quotes is no message that anybody sent
    cmd = ["tshark", "-r", path, "-Y", "(dns or mdns or llmnr or nbns) and not (icmp or icmpv6)", "-T", "fields",
           "-E", "occurrence=a", "-E", "aggregator=;"]
    for f in FIELDS:
        cmd += ["-e", f]
    out = subprocess.run(cmd, capture_output=True, check=True).stdout.decode("utf-8", "replace")
    for line in out.splitlines():
        yield {f: [x for x in v.split(";") if x] if v else []
               for f, v in zip(FIELDS, line.split("\t"))}


def ours(path):
    packets = collections.defaultdict(lambda: collections.defaultdict(list))
    for line in open(path):
        col = line.rstrip("\n").split("\t")
        if col[0] == "stat":
            continue
        p = packets[int(col[0])]
        p["flavour"] = int(col[3])
        p["dns.id"].append(int(col[5]))
        for r in col[7:]:
            section, kind, flags, owner, target, addr, suffix = r.split("|")
            kind = int(kind)
            p["bad"] += flags if "b" in flags else []
            if p["flavour"] == 3:
                p["nbns.name"].append("%s<%s>" % (owner, suffix))
                if addr:
                    p["nbns.addr"].append(addr)
            if section == "0" and "x" not in flags:
                p["dns.qry.name"].append(owner)
                p["dns.qry.type"].append(kind)
            elif "x" not in flags:
                p["dns.resp.name"].append(owner)
                p["dns.resp.type"].append(kind)
            if "h" in flags:
                p["dns.svcb.svcparam.ipv%dhint.ip" % (6 if ":" in addr else 4)].append(addr)
            elif addr and p["flavour"] != 3:
                p["dns.aaaa" if ":" in addr else "dns.a"].append(addr)
            if target and kind in TARGETS:
                extra = "x" in flags
                p["dns.soa.rname" if extra else TARGETS[kind]].append(target)
    return packets


def compare(want, got):
    """Fields of one packet that differ."""
    if got["flavour"] == 3:
        names = [x.split("<")[0].rstrip().lower() for x in want["nbns.name"]]
        have = [x.split("<")[0] for x in got["nbns.name"]]
        if names != have:
            yield "nbns.name", names, have
        if want["nbns.addr"] != got["nbns.addr"]:
            yield "nbns.addr", want["nbns.addr"], got["nbns.addr"]
        return
    opt = [i for i, t in enumerate(want["dns.resp.type"]) if t == "41"]
    for f in FIELDS[4:22]:
        w = list(want[f])
        if f in ("dns.resp.name", "dns.resp.type"):
            w = [x for i, x in enumerate(w) if i not in opt]
        if f.endswith("type"):
            w = [int(x) for x in w]
        elif not f.endswith((".a", ".aaaa", ".ip")):
            w = [name(x) for x in w]
        g = [name(x) for x in got[f]] if f.endswith("name") else got[f]
        if f == "dns.resp.name":  # tshark has other fields for the owner of a SRV
            g = [x for x, t in zip(g, got["dns.resp.type"]) if t != 33]
            w = [x for x in w if x in g] if 33 in got["dns.resp.type"] else w
        if w != g:
            yield f, w, g


def agree(rows, capture):
    packets, bad, seen, malformed = ours(rows), 0, 0, 0
    for want in tshark(capture):
        number = int(want["frame.number"][0])
        got = packets.pop(number, None)
        if want["_ws.malformed"]:
            malformed += 1
            continue
        if got is None:
            bad += 1
            print("# packet %d: tshark only" % number)
            continue
        seen += 1
        for field, w, g in compare(want, got):
            bad += 1
            print("# packet %d %s: tshark %s, ours %s" % (number, field, w[:8], g[:8]))
    for number in packets:
        bad += 1
        print("# packet %d: ours only" % number)
    print("%d messages, %d differences, %d malformed" % (seen, bad, malformed))
    return bad


# --- captures by hand

records = []


def udp(src, sport, dst, dport, body):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + len(body), 1, 0, 64, 17, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    records.append(bytes(12) + b"\x08\x00" + head +
                   struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body)


def labels(*name):
    return b"".join(bytes([len(x)]) + x for x in name) + b"\0"


def head(flags, *counts):
    return struct.pack("!HHHHHH", 0x1234, flags, *counts)


def rr(owner, kind, cls, data, ttl=120):
    return owner + struct.pack("!HHIH", kind, cls, ttl, len(data)) + data


def netbios(text, suffix):
    raw = text.ljust(15).encode() + bytes([suffix])
    return labels(bytes(b for c in raw for b in (65 + (c >> 4), 65 + (c & 15))))


def make(out):
    group, me, other = "224.0.0.251", "192.168.1.7", "192.168.1.8"
    host, a = labels(b"printer", b"local"), socket.inet_aton(other)
    service = labels(b"_ipp", b"_tcp", b"local")
    udp(me, 5353, group, 5353, head(0, 2, 1, 0, 0) + service + b"\0\x0c\x80\x01" + b"\xc0\x0c\0\x0c\0\x01" +
        rr(b"\xc0\x0c", 12, 1, labels(b"Laser", b"_ipp")[:-1] + b"\xc0\x11"))
    udp(other, 5353, group, 5353, head(0x8400, 0, 3, 0, 2) +
        rr(service, 12, 1, labels(b"Laser Printer")[:-1] + b"\xc0\x0c") +
        rr(b"\xc0\x27", 33, 0x8001, struct.pack("!HHH", 0, 0, 631) + host) +
        rr(b"\xc0\x27", 16, 0x8001, b"\x09txtvers=1") +
        rr(host, 1, 0x8001, a) + rr(host, 28, 0x8001, bytes(15) + b"\x01"))
    udp(me, 49152, "224.0.0.252", 5355, head(0, 1, 0, 0, 0) + labels(b"WORKSTATION") + b"\0\x01\0\x01")
    udp(other, 5355, me, 49152, head(0x8400, 1, 1, 0, 0) + labels(b"workstation") + b"\0\x01\0\x01" +
        rr(b"\xc0\x0c", 1, 1, a, 30))
    udp(me, 137, "192.168.1.255", 137, head(0x0110, 1, 0, 0, 0) + netbios("FILESRV", 0x20) + b"\0\x20\0\x01")
    udp(other, 137, me, 137, head(0x8500, 0, 1, 0, 0) +
        rr(netbios("FILESRV", 0x20), 32, 1, b"\x60\0" + a, 300000))
    udp(me, 137, "192.168.1.255", 137, head(0x2910, 1, 0, 0, 1) + netbios("PC-7", 0) + b"\0\x20\0\x01" +
        rr(b"\xc0\x0c", 32, 1, b"\0\0" + a, 300000))
    question = head(0x8180, 1, 2, 0, 0) + labels(b"bad", b"example") + b"\0\x01\0\x01"
    udp("10.0.0.53", 53, me, 40000, question + rr(b"\xc0\x0c", 1, 1, a) + b"\xc0\x0c\0\x01")
    udp("10.0.0.53", 53, me, 40000, question + rr(b"\xc0\x0c", 1, 1, a) + rr(b"\xff\xff", 1, 1, a))
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, 1))
        for i, p in enumerate(records):
            f.write(struct.pack("<IIII", 1679486400 + i, 0, len(p), len(p)) + p)


if sys.argv[1] == "make":
    make(sys.argv[2])
else:
    sys.exit(1 if agree(sys.argv[2], sys.argv[3]) else 0)
