#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""packet_make DIR: captures of every link type and tunnel that wire/packet.h names, DIR/LINKTYPE.pcap,
each with its truth, DIR/LINKTYPE.truth: a line a frame, "NUMBER NAME RESULT" with RESULT as packet_tool
prints it. Headers by scapy where it has them, else by hand from the specifications."""
import logging
import os
import struct
import sys

logging.getLogger("scapy").setLevel(logging.ERROR)
from scapy.config import conf  # noqa: E402

conf.ipv6_enabled = False
from scapy.all import (AH, GRE, IP, TCP, UDP, Ether, Dot1Q, Dot1AD, IPv6, Raw, PPPoE, SNAP, LLC, Dot3,  # noqa: E402
                       IPv6ExtHdrDestOpt, IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting,
                       RadioTap, Dot11, Dot11QoS, VXLAN, fragment, fragment6, raw, PadN)

OUT = sys.argv[1]
FILES = {}
PORT = [20000]


def put(link, name, frame, truth):
    """truth: None where no packet comes out of this frame (a piece that is not the last)."""
    frames = FILES.setdefault(link, [])
    frames.append((name, raw(frame), truth))


def inner(kind, size=64, src=None, dst=None):
    """A packet and what is to be seen of it."""
    PORT[0] += 1
    sport, dport = PORT[0], 443
    six = kind.endswith("6")
    src = src or ("2001:db8:1::%x" % sport if six else "10.%d.%d.1" % (sport >> 8, sport & 255))
    dst = dst or ("2001:db8:2::2" if six else "192.0.2.2")
    ip = IPv6(src=src, dst=dst) if six else IP(src=src, dst=dst)
    payload = bytes((i * 5 + sport) & 255 for i in range(size))
    l4 = UDP(sport=sport, dport=dport) if kind[:3] == "udp" else TCP(sport=sport, dport=dport, flags="PA", seq=7)
    text = "%s %s %s %d %d %d %s" % (kind[:3], src, dst, sport, dport, size, payload[:4].hex())
    return ip / l4 / Raw(payload), text


def ether(p, src="02:00:00:00:00:01", dst="02:00:00:00:00:02"):
    return Ether(src=src, dst=dst) / p


def typed(p):
    return 0x0800 if isinstance(p, IP) else 0x86DD


def h(text):
    return bytes.fromhex(text.replace(" ", ""))


MACS = h("020000000002 020000000001")


def eth_raw(kind, rest):
    return MACS + struct.pack(">H", kind) + raw(rest)


def ip4(proto, rest, **kw):
    return raw(IP(src="198.51.100.1", dst="198.51.100.2", proto=proto, **kw) / Raw(raw(rest)))


def ip6(nh, rest):
    return raw(IPv6(src="2001:db8:f::1", dst="2001:db8:f::2", nh=nh) / Raw(raw(rest)))


def udp4(dport, rest, sport=40000):
    return IP(src="198.51.100.1", dst="198.51.100.2") / UDP(sport=sport, dport=dport) / Raw(raw(rest))


def udp6(dport, rest, sport=40000):
    return IPv6(src="2001:db8:f::1", dst="2001:db8:f::2") / UDP(sport=sport, dport=dport) / Raw(raw(rest))


def mpls(*labels):
    return b"".join(struct.pack(">I", label << 12 | (i == len(labels) - 1) << 8 | 64)
                    for i, label in enumerate(labels))


def ppp(p):
    return (b"\x00\x21" if isinstance(p, IP) else b"\x00\x57") + raw(p)


def geneve(kind, rest, options=b""):
    return struct.pack(">BBH", len(options) // 4, 0, kind) + h("00002a00") + options + raw(rest)


def gtp(rest, ext=b""):
    """ext: the first type, then each header with the type of the next."""
    body = (h("0001 00") + ext if ext else b"") + raw(rest)
    return struct.pack(">BBHI", 0x34 if ext else 0x30, 0xFF, len(body), 0x1234) + body


def ether_cases():
    """What stands between Ethernet and IP."""
    for k in ("udp4", "tcp4", "udp6", "tcp6"):
        def one(name, build):
            p, t = inner(k)
            put(1, "%s %s" % (name, k), build(p), t)
        one("plain", ether)
        one("802.1Q", lambda p: ether(Dot1Q(vlan=100) / p))
        one("802.1ad", lambda p: ether(Dot1AD(vlan=100) / Dot1Q(vlan=200) / p))
        one("9100", lambda p: eth_raw(0x9100, h("0064 8100 0065") + struct.pack(">H", typed(p)) + raw(p)))
        one("PBB", lambda p: eth_raw(0x88A8, h("0064 88e7 00001234") + raw(ether(p))))
        one("PBB with a tag inside", lambda p: eth_raw(0x88E7, h("00001234") + raw(ether(Dot1Q(vlan=3) / p))))
        one("MPLS", lambda p: eth_raw(0x8847, mpls(1000) + raw(p)))
        one("MPLS, three labels", lambda p: eth_raw(0x8847, mpls(1000, 1001, 1002) + raw(p)))
        one("pseudo-wire, control word", lambda p: eth_raw(0x8847, mpls(1016, 1017) + h("00000000") + raw(ether(p))))
        one("PPPoE", lambda p: eth_raw(0x8864, struct.pack(">HHH", 0x1100, 7, len(p) + 2) + ppp(p)))
        one("PPPoE in a tag", lambda p: eth_raw(0x8100, struct.pack(">HHHHH", 5, 0x8864, 0x1100, 7, len(p) + 2) + ppp(p)))
        one("SNAP", lambda p: MACS + struct.pack(">H", len(p) + 8) + h("aaaa03000000") + struct.pack(">H", typed(p)) + raw(p))
        one("MACsec, signed only", lambda p: eth_raw(0x88E5, h("2000 00000001 0200000000010001") +
            struct.pack(">H", typed(p)) + raw(p) + bytes(16)))
        one("VN-Tag", lambda p: eth_raw(0x8926, h("00010002") + struct.pack(">H", typed(p)) + raw(p)))
        one("NSH", lambda p: eth_raw(0x894F, struct.pack(">HBBI", 0x0FC2, 2, 1 if isinstance(p, IP) else 2, 0x1234FF) + raw(p)))
    p, t = inner("udp4")
    put(1, "pseudo-wire without control word", eth_raw(0x8847, mpls(1016) + raw(ether(p))), t)
    p, t = inner("udp4")
    put(1, "pseudo-wire to 4c:…", eth_raw(0x8847, mpls(1016) + raw(ether(p, dst="4c:ff:ff:00:00:02"))), t)
    p, t = inner("tcp4")
    put(1, "TRILL", eth_raw(0x22F3, h("0021 0001 0002") + raw(ether(p))), t)
    p, t = inner("tcp4")
    put(1, "802.1BR", eth_raw(0x893F, h("000000010002") + struct.pack(">H", 0x0800) + raw(p)), t)


def ip_cases():
    for k in ("udp4", "tcp4"):
        p, t = inner(k)
        q = IP(src=p.src, dst=p.dst, options=[b"\x94\x04\x00\x00"]) / p.payload
        put(1, "IPv4 options " + k, ether(q), t)
        p, t = inner(k)
        q = IP(src=p.src, dst=p.dst) / AH(spi=1, seq=1, icv=bytes(12), nh=17 if k == "udp4" else 6, payloadlen=4) / p.payload
        q.proto = 51
        put(1, "AH " + k, ether(q), t)
        p, t = inner(k)
        zero = bytearray(raw(p))
        zero[2:4] = b"\0\0"
        put(1, "total length 0 " + k, eth_raw(0x0800, bytes(zero)), t)
    for k in ("udp6", "tcp6"):
        chains = {
            "hop-by-hop": [IPv6ExtHdrHopByHop(options=PadN(optdata=b"\0\0\0\0"))],
            "destination options": [IPv6ExtHdrDestOpt(options=PadN(optdata=b"\0\0\0\0"))],
            "routing": [IPv6ExtHdrRouting(type=2, segleft=0, addresses=["2001:db8::9"])],
            "atomic fragment": [IPv6ExtHdrFragment(offset=0, m=0, id=9)],
            "the whole chain": [IPv6ExtHdrHopByHop(options=PadN(optdata=b"\0" * 12)),
                                IPv6ExtHdrDestOpt(options=PadN(optdata=b"\0\0\0\0")),
                                IPv6ExtHdrRouting(type=4, segleft=0, addresses=["2001:db8::9"]),
                                IPv6ExtHdrFragment(offset=0, m=0, id=9),
                                IPv6ExtHdrDestOpt(options=PadN(optdata=b"\0\0\0\0"))],
        }
        for name, chain in chains.items():
            p, t = inner(k)
            q = IPv6(src=p.src, dst=p.dst)
            for x in chain:
                q = q / x
            put(1, "%s %s" % (name, k), ether(q / p.payload), t)
        p, t = inner(k)
        rest = raw(p)[40:]
        nh = raw(p)[6]
        addr = raw(p)[8:40]
        ah = struct.pack(">BBHII", nh, 4, 0, 1, 1) + bytes(12)
        put(1, "AH " + k, eth_raw(0x86DD, struct.pack(">IHBB", 6 << 28, len(rest) + 24, 51, 64) + addr + ah + rest), t)
        p, t = inner(k, 64)
        more = bytes(70000)
        seg = bytearray(raw(p)[40:] + more)
        if k == "udp6":
            seg[4:6] = b"\0\0"
        jumbo = struct.pack(">BBBBI", nh, 0, 0xC2, 4, len(seg) + 8)
        put(1, "jumbogram " + k, eth_raw(0x86DD, struct.pack(">IHBB", 6 << 28, 0, 0, 64) + raw(p)[8:40] +
                                         jumbo + seg), t.replace(" 64 ", " 70064 "))


def tunnel(name, build, kinds=("udp4", "tcp6")):
    for k in kinds:
        p, t = inner(k)
        put(1, "%s %s" % (name, k), build(p), t)


def tunnel_cases():
    def eth4(proto, rest):
        return eth_raw(0x0800, ip4(proto, rest))
    tunnel("IP in IP", lambda p: eth4(4, p), ("udp4", "tcp4"))
    tunnel("6in4", lambda p: eth4(41, p), ("udp6", "tcp6"))
    tunnel("4in6", lambda p: eth_raw(0x86DD, ip6(4, p)), ("udp4", "tcp4"))
    tunnel("6in6", lambda p: eth_raw(0x86DD, ip6(41, p)), ("udp6", "tcp6"))
    tunnel("EtherIP", lambda p: eth4(97, h("3000") + raw(ether(p))))
    tunnel("MPLS in IP", lambda p: eth4(137, mpls(1099) + raw(p)))
    tunnel("Ethernet in IPv6", lambda p: eth_raw(0x86DD, ip6(143, ether(p))))
    for name, kw in {"": {}, ", checksum": {"chksum_present": 1}, ", key": {"key_present": 1, "key": 5},
                     ", sequence": {"seqnum_present": 1, "seqence_number": 3},
                     ", all": {"chksum_present": 1, "key_present": 1, "key": 5, "seqnum_present": 1}}.items():
        tunnel("GRE" + name, lambda p: eth4(47, GRE(proto=typed(p), **kw) / p))
    tunnel("NVGRE", lambda p: eth4(47, GRE(proto=0x6558, key_present=1, key=0x123456) / Raw(raw(ether(p)))))
    tunnel("GRE with MPLS", lambda p: eth4(47, h("0000 8847") + mpls(1007) + raw(p)))
    tunnel("GRE with a route", lambda p: eth4(47, struct.pack(">HHI", 0x4000, typed(p), 0) +
           h("0800 00 08 01020304 05060708 00000000") + raw(p)))
    tunnel("GRE over IPv6", lambda p: eth_raw(0x86DD, ip6(47, struct.pack(">HH", 0, typed(p)) + raw(p))))
    tunnel("PPTP", lambda p: eth4(47, struct.pack(">HHHHI", 0x3001, 0x880B, len(p) + 4, 9, 1) + h("ff03") + ppp(p)))
    tunnel("PPTP, acknowledging", lambda p: eth4(47, struct.pack(">HHHHII", 0x3081, 0x880B, len(p) + 2, 9, 1, 1) + ppp(p)))
    tunnel("ERSPAN I", lambda p: eth4(47, h("0000 88be") + raw(ether(p))))
    tunnel("ERSPAN II", lambda p: eth4(47, h("1000 88be 00000001 10640001 00000000") + raw(ether(p))))
    tunnel("ERSPAN III", lambda p: eth4(47, h("1000 22eb 00000001 20640001 00000000 00000000") + raw(ether(p))))
    tunnel("ERSPAN III with a subheader", lambda p: eth4(47, h("1000 22eb 00000001 20640001 00000000 00000001 1000000000000000") + raw(ether(p))))
    tunnel("WCCP", lambda p: eth4(47, h("0000 883e 00000000") + raw(p)), ("udp4", "tcp4"))
    tunnel("VXLAN", lambda p: ether(udp4(4789, VXLAN(vni=42, flags=8) / ether(p))))
    tunnel("VXLAN over IPv6", lambda p: ether(udp6(4789, VXLAN(vni=42, flags=8) / ether(p))))
    tunnel("VXLAN with a tag inside", lambda p: ether(udp4(4789, VXLAN(vni=42, flags=8) / ether(Dot1Q(vlan=9) / p))))
    tunnel("VXLAN with group policy", lambda p: ether(udp4(4789, h("88000007 00002a00") + raw(ether(p)))))
    tunnel("VXLAN, old port", lambda p: ether(udp4(8472, VXLAN(vni=42, flags=8) / ether(p))))
    tunnel("VXLAN-GPE with IP", lambda p: ether(udp4(4790, h("0c0000") + bytes([1 if isinstance(p, IP) else 2]) + h("00002a00") + raw(p))))
    tunnel("VXLAN-GPE with Ethernet", lambda p: ether(udp4(4790, h("0c000003 00002a00") + raw(ether(p)))))
    tunnel("VXLAN-GPE with NSH", lambda p: ether(udp4(4790, h("0c000004 00002a00") + struct.pack(">HBBI", 0x0FC2, 2, 3, 0x1234FF) + raw(ether(p)))))
    tunnel("Geneve", lambda p: ether(udp4(6081, geneve(0x6558, ether(p)))))
    tunnel("Geneve with options", lambda p: ether(udp4(6081, geneve(0x6558, ether(p), h("0108 01 01 00000001 0102 02 00")))))
    tunnel("Geneve with IP", lambda p: ether(udp4(6081, geneve(typed(p), p))))
    tunnel("GTP-U", lambda p: ether(udp4(2152, gtp(p))))
    tunnel("GTP-U with extensions", lambda p: ether(udp4(2152, gtp(p, h("85 01 1009 85 02 000000000000 00")))))
    tunnel("Teredo", lambda p: ether(udp4(3544, p)), ("udp6", "tcp6"))
    tunnel("Teredo with its headers", lambda p: ether(udp4(40001, h("0001 0000 0102030405060708 00 0000 1234 01020304") + raw(p), 3544)), ("udp6", "tcp6"))
    for k in ("udp6", "tcp6"):
        p, t = inner(k, src="2001:0:4136:e378:8000:63bf:3fff:fdd2")
        put(1, "Teredo between hosts " + k, ether(udp4(40009, p)), t)
    tunnel("L2TP", lambda p: ether(udp4(1701, h("0002 0001 0002") + h("ff03") + ppp(p), 1701)))
    tunnel("L2TP with everything", lambda p: ether(udp4(1701, struct.pack(">HHHHHHH", 0x4A02, len(p) + 20, 1, 2, 0, 0, 4) + bytes(4) + ppp(p), 40001)))
    tunnel("GRE in UDP", lambda p: ether(udp4(4754, struct.pack(">HH", 0, typed(p)) + raw(p))))
    tunnel("MPLS in UDP", lambda p: ether(udp4(6635, mpls(1012, 1013) + raw(p))))
    tunnel("LISP", lambda p: ether(udp4(4341, h("c0000001 00000001") + raw(p))))
    tunnel("TZSP", lambda p: ether(udp4(37008, h("01000001 0a01c0 00 01") + raw(ether(p)))))
    tunnel("AYIYA", lambda p: ether(udp4(5072, h("42 52 11 29 00000000") + bytes(16 + 20) + raw(p))), ("udp6", "tcp6"))
    tunnel("CAPWAP with Ethernet", lambda p: ether(udp4(5247, h("00100000 00000000") + raw(ether(p)))))
    tunnel("CAPWAP with 802.11", lambda p: ether(udp4(5247, h("00200310 00000000 06 020000000009 00") + h("0801 0000 020000000001 020000000002 020000000003 0010 aaaa03000000") + struct.pack(">H", typed(p)) + raw(p))))
    tunnel("CAPWAP with 802.11, swapped", lambda p: ether(udp4(5247, h("00200310 00000000 06 020000000009 00") + h("0108 0000 020000000001 020000000002 020000000003 0010 aaaa03000000") + struct.pack(">H", typed(p)) + raw(p))), ("udp4",))
    tunnel("VXLAN in GRE in IP in IP", lambda p: eth4(4, ip4(47, h("0000 0800") + raw(udp4(4789, VXLAN(vni=4, flags=8) / ether(p))))))
    tunnel("GTP-U in VXLAN in MPLS", lambda p: eth_raw(0x8847, mpls(1003, 1004) + raw(udp4(4789, VXLAN(vni=4, flags=8) / ether(udp4(2152, gtp(p)))))))
    # What only looks like one.
    for port in (1701, 2152, 3544, 4341, 4754, 4789, 4790, 5072, 5247, 6081, 6635, 8472, 37008):
        for name, payload in {"DNS": h("123401000001000000000000 03777777 07 6578616d706c65 03 636f6d 00 0001 0001"),
                              "QUIC": h("4512") + bytes(range(7, 107)), "zeros": bytes(60),
                              "text": b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n" * 2}.items():
            p = IP(src="203.0.113.7", dst="203.0.113.8") / UDP(sport=53, dport=port) / Raw(payload)
            put(1, "%s on port %d" % (name, port), ether(p),
                "udp 203.0.113.7 203.0.113.8 53 %d %d %s" % (port, len(payload), payload[:4].hex()))


def pieces(name, whole, six, t, cut=264):
    """whole cut up, the first piece last."""
    if six:
        w = raw(whole)
        nh, addr, rest = w[6], w[8:40], w[40:]
        step = cut // 8 * 8
        parts = []
        for at in range(0, len(rest), step):
            s = rest[at:at + step]
            more = at + step < len(rest)
            parts.append(struct.pack(">IHBB", 6 << 28, len(s) + 8, 44, 64) + addr +
                         struct.pack(">BBHI", nh, 0, at | more, PORT[0]) + s)
    else:
        parts = [raw(x) for x in fragment(IP(raw(whole)), cut)]
    for i, x in enumerate(reversed(parts)):
        put(1, "%s, piece %d" % (name, i), eth_raw(0x86DD if six else 0x0800, x), t if i == len(parts) - 1 else None)


def fragment_cases():
    for k in ("udp4", "tcp4", "udp6", "tcp6"):
        p, t = inner(k, 1000)
        if k[3] == "4":
            p.id = PORT[0]
        pieces("fragments " + k, p, k[3] == "6", t)
    for k in ("udp4", "tcp6"):
        p, t = inner(k, 1000)
        pieces("VXLAN cut up " + k, IP(id=PORT[0], src="198.51.100.1", dst="198.51.100.2") / UDP(sport=4, dport=4789) /
               VXLAN(vni=42, flags=8) / ether(p), False, t)
        p, t = inner(k, 1000)
        pieces("GRE cut up " + k, ip6(47, struct.pack(">HH", 0, typed(p)) + raw(p)), True, t)
    p, t = inner("udp4", 1000)
    p.id = PORT[0]
    parts = fragment(IP(raw(p)), 400)
    for i, x in enumerate(parts):
        put(1, "pieces in VXLAN, %d" % i, ether(udp4(4789, VXLAN(vni=42, flags=8) / ether(x))),
            t if i == len(parts) - 1 else None)


def link_cases():
    def both(link, name, build, kinds=("udp4", "tcp6")):
        for k in kinds:
            p, t = inner(k)
            put(link, "%s %s" % (name, k), build(p), t)

    def type_of(p):
        return struct.pack(">H", typed(p))

    def family(p, six):
        return 2 if isinstance(p, IP) else six

    def nlpid(p):
        return b"\xcc" if isinstance(p, IP) else b"\x8e"
    for six in (10, 23, 24, 28, 30):
        both(0, "null, IPv6 is %d" % six, lambda p: struct.pack("<I", family(p, six)) + raw(p))
    both(0, "null, big endian", lambda p: struct.pack(">I", family(p, 24)) + raw(p))
    both(108, "loop", lambda p: struct.pack(">I", family(p, 24)) + raw(p))
    both(6, "token ring", lambda p: h("1040") + MACS + h("aaaa03000000") + type_of(p) + raw(p))
    both(6, "token ring with a route", lambda p: h("1040 020000000002 820000000001 0630 0011 0020") + h("aaaa03000000") + type_of(p) + raw(p))
    both(9, "PPP", ppp)
    both(9, "PPP in HDLC", lambda p: h("ff03") + ppp(p))
    both(50, "PPP serial", lambda p: h("ff03") + ppp(p))
    both(51, "PPP over Ethernet", lambda p: struct.pack(">HHH", 0x1100, 7, len(p) + 2) + ppp(p))
    both(10, "FDDI", lambda p: h("50") + MACS + h("aaaa03000000") + type_of(p) + raw(p))
    both(100, "ATM, LLC", lambda p: h("aaaa03000000") + type_of(p) + raw(p))
    both(100, "ATM, NLPID", lambda p: h("fefe03") + nlpid(p) + raw(p))
    both(101, "raw", lambda p: p, ("udp4", "tcp4", "udp6", "tcp6"))
    both(12, "raw of libpcap", lambda p: p)
    both(104, "Cisco HDLC", lambda p: h("0f00") + type_of(p) + raw(p))
    both(107, "frame relay", lambda p: h("1841 03") + nlpid(p) + raw(p))
    both(107, "frame relay, SNAP", lambda p: h("1841 03 00 80 000000") + type_of(p) + raw(p))
    both(107, "frame relay, Cisco", lambda p: h("1841") + type_of(p) + raw(p))
    both(109, "enc", lambda p: struct.pack("<III", family(p, 24), 0, 0) + raw(p))
    both(113, "SLL", lambda p: h("0000 0001 0006 0200000000010000") + type_of(p) + raw(p))
    both(113, "SLL with a tag", lambda p: h("0000 0001 0006 0200000000010000 8100 0007") + type_of(p) + raw(p))
    both(113, "SLL with 802.2", lambda p: h("0000 0001 0006 0200000000010000 0004 aaaa03000000") + type_of(p) + raw(p))
    both(117, "pflog", lambda p: bytes([61, family(p, 24)]) + bytes(62) + raw(p))
    both(122, "IP over Fibre Channel", lambda p: bytes(16) + h("aaaa03000000") + type_of(p) + raw(p))
    both(123, "SunATM", lambda p: h("02000064 aaaa03000000") + type_of(p) + raw(p))
    both(138, "IP over 1394", lambda p: bytes(16) + type_of(p) + raw(p))
    wlan = h("0801 0000 020000000001 020000000002 020000000003 0010")
    qos = h("8802 0000 020000000001 020000000002 020000000003 0010 0000")
    wds = h("8803 0000 020000000001 020000000002 020000000003 0010 020000000004 0000")
    for name, head in {"802.11": wlan, "802.11 QoS": qos, "802.11 WDS": wds}.items():
        both(105, name, lambda p: head + h("aaaa03000000") + type_of(p) + raw(p))
        both(127, name + " in radiotap", lambda p: h("0000 0900 02000000 00") + head + h("aaaa03000000") + type_of(p) + raw(p))
        both(163, name + " in AVS", lambda p: h("80211001 00000040") + bytes(56) + head + h("aaaa03000000") + type_of(p) + raw(p))
        both(119, name + " in Prism", lambda p: h("44000000 90000000") + bytes(136) + head + h("aaaa03000000") + type_of(p) + raw(p))
        both(192, name + " in PPI", lambda p: h("0000 0800 69000000") + head + h("aaaa03000000") + type_of(p) + raw(p))
    both(127, "radiotap with time, padded", lambda p: h("0000 1100 03000000") + bytes(8) + h("20") + qos + bytes(2) + h("aaaa03000000") + type_of(p) + raw(p))
    both(127, "radiotap, two masks", lambda p: h("0000 0e00 020000a0 00000000 0000") + wlan + h("aaaa03000000") + type_of(p) + raw(p))
    both(166, "pppd", lambda p: h("0103") + ppp(p))
    both(204, "PPP with direction", lambda p: h("01 ff03") + ppp(p))
    both(205, "Cisco HDLC with direction", lambda p: h("01 0f00") + type_of(p) + raw(p))
    both(206, "frame relay with direction", lambda p: h("01 1841 03") + nlpid(p) + raw(p))
    both(228, "IPv4", lambda p: p, ("udp4", "tcp4"))
    both(229, "IPv6", lambda p: p, ("udp6", "tcp6"))
    both(239, "NFLOG", lambda p: struct.pack(">BBH", family(p, 10), 0, 5) + struct.pack("<HH", 8, 1) + h("08000100") +
         struct.pack("<HH", 5, 10) + h("00000000") + struct.pack("<HH", len(p) + 4, 9) + raw(p))
    both(239, "NFLOG, big endian", lambda p: struct.pack(">BBH", family(p, 10), 0, 5) + struct.pack(">HH", 8, 1) + h("08000100") +
         struct.pack(">HH", len(p) + 4, 9) + raw(p))
    both(240, "netANALYZER", lambda p: bytes(4) + raw(ether(p)))
    both(242, "IPoIB", lambda p: bytes(40) + type_of(p) + bytes(2) + raw(p))
    both(258, "pktap", lambda p: struct.pack("<III", 108, 1, 1) + bytes(96) + raw(ether(p)))
    both(274, "mPackets", lambda p: h("55555555555555d5") + raw(ether(p)))
    both(276, "SLL2", lambda p: type_of(p) + h("0000 00000002 0001 00 06 0200000000010000") + raw(p))
    both(276, "SLL2 with a tag", lambda p: h("8100 0000 00000002 0001 00 06 0200000000010000 0007") + type_of(p) + raw(p))
    both(143, "DOCSIS", lambda p: h("0000") + struct.pack(">H", len(p) + 14) + h("0000") + raw(ether(p)))
    both(143, "DOCSIS, extended header", lambda p: h("0104") + struct.pack(">H", len(p) + 18) + h("03000000 0000") + raw(ether(p)))
    both(178, "Juniper", lambda p: h("4d4743 01") + raw(ether(p)))
    both(178, "Juniper, extensions", lambda p: h("4d4743 81 0006 010204040102") + raw(ether(p)))
    both(178, "Juniper, no link header", lambda p: h("4d4743 03 02000000") + raw(p))
    both(281, "Broadcom", lambda p: MACS + h("20000001") + type_of(p) + raw(p))
    both(282, "Broadcom, before", lambda p: h("20000001") + raw(ether(p)))
    both(284, "DSA", lambda p: MACS + h("c0000000") + type_of(p) + raw(p))
    both(285, "EDSA", lambda p: MACS + h("dada0000c0000000") + type_of(p) + raw(p))
    both(128, "TZSP", lambda p: h("01000001 01") + raw(ether(p)))


ether_cases()
ip_cases()
tunnel_cases()
fragment_cases()
link_cases()
for link, frames in FILES.items():
    with open(os.path.join(OUT, "%d.pcap" % link), "wb") as f, open(os.path.join(OUT, "%d.truth" % link), "w") as t:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link))
        for n, (name, frame, truth) in enumerate(frames):
            f.write(struct.pack("<IIII", 1700000000 + n, 0, len(frame), len(frame)) + frame)
            t.write("%d\t%s\t%s\n" % (n + 1, truth or "-", name))
