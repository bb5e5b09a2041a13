# SPDX-License-Identifier: Apache-2.0
"""net_agree.py FIREBREAK CAPTURE…: what firebreak watch and tshark tell of the same packets.

Prints "CAPTURE KIND: COUNT" where both tell the same, and "CAPTURE KIND: only WHO N VALUE" for each
value of which one tells more than the other, with the reason when KNOWN has it (docs/net-agreement.md
tells them all). Exit 1 when there was one without.

Left out on both sides: what is quoted in ICMP errors, SSDP (HTTP over UDP), names of NetBIOS.
"""
import collections
import json
import os
import subprocess
import sys

FIELDS = [
    "tls.handshake.extensions_server_name", "dtls.handshake.extensions_server_name",
    "tls.handshake.ja3", "dtls.handshake.ja3", "tls.handshake.ja3s", "dtls.handshake.ja3s",
    "x509af.serialNumber", "x509ce.dNSName", "dns.qry.name", "http.host", "http.request.uri",
]
KINDS = ["sni", "ja3", "ja3s", "serial", "san", "query", "host", "uri"]
KIND_OF = ["sni", "sni", "ja3", "ja3", "ja3s", "ja3s", "serial", "san", "query", "host", "uri"]
SEPARATOR = "\x1f"

STAPLED = ("tshark", "a certificate inside a stapled OCSP response, none of the chain's")
DECRYPTED = ("tshark", "decrypted with the secrets that the capture holds")
KNOWN = {
    ("browsers-x509.pcapng", "serial"): STAPLED,
    ("latest.pcapng", "serial"): STAPLED,
    ("ssh2.pcapng", "serial"): STAPLED,
    ("chrome-cloudflare-quic-with-secrets.pcapng", "serial"): DECRYPTED,
    ("chrome-cloudflare-quic-with-secrets.pcapng", "san"): DECRYPTED,
    ("http2-with-cookies.pcapng", "serial"): DECRYPTED,
    ("http2-with-cookies.pcapng", "san"): DECRYPTED,
    ("https-connect.pcap", "host"): ("firebreak", "CONNECT names the host in its target"),
    ("gre-erspan-vxlan.pcap", "uri"): (None, "a target with a space in it, told whole"),
}
SOCKS = ("firebreak", "tshark does not look behind SOCKS 4")
for kind in ("ja3s", "serial", "san"):
    KNOWN["socks4-https.pcap", kind] = SOCKS


def number(serial):
    """Hexadecimal without what only pads it."""
    return serial.replace(":", "").lower().lstrip("0") or "0"


def name(text):
    return text.lower().rstrip(".")


def host(text):
    """Without its port, which is told apart."""
    return text if text.endswith("]") else text.rsplit(":", 1)[0]


TELL = {"host": host, "serial": number, "san": name, "sni": name, "query": name}


def tshark(capture):
    told = {k: collections.Counter() for k in KINDS}
    cmd = ["tshark", "-n", "-2", "-r", capture, "-Y", "(tls || dtls || quic || dns || http.request) && !icmp && !icmpv6 && !ssdp",
           "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=" + SEPARATOR]
    for f in FIELDS:
        cmd += ["-e", f]
    out = subprocess.run(cmd, capture_output=True, text=True).stdout
    for line in out.splitlines():
        for kind, cell in zip(KIND_OF, line.split("\t")):
            for value in filter(None, cell.split(SEPARATOR)):
                told[kind][TELL.get(kind, str)(value)] += 1
    return told


def firebreak(program, capture):
    told = {k: collections.Counter() for k in KINDS}
    empty = os.devnull
    out = subprocess.run([program, "watch", "--read", capture, "--json", "--events", "all"],
                         stdin=open(empty), capture_output=True, text=True).stdout
    for x in map(json.loads, out.splitlines()):
        path = x["_path"]
        for kind, value in (("sni", x.get("server_name") if path in ("ssl", "quic") else None),
                            ("ja3", x.get("ja3")), ("ja3s", x.get("ja3s")),
                            ("serial", x.get("certificate.serial")),
                            ("query", x.get("query") if path == "dns" and x.get("id.resp_p") != 137 and
                             x.get("id.orig_p") != 137 else None),
                            ("host", x.get("host") if path == "http" else None),
                            ("uri", x.get("uri") if path == "http" else None)):
            if value:
                told[kind][TELL.get(kind, str)(value)] += 1
        for value in x.get("san.dns", []):
            told["san"][name(value)] += 1
    return told


def main():
    program, bad = sys.argv[1], False
    for capture in sys.argv[2:]:
        base = os.path.basename(capture)
        ours, theirs = firebreak(program, capture), tshark(capture)
        for kind in KINDS:
            both = sum((ours[kind] & theirs[kind]).values())
            if ours[kind] == theirs[kind]:
                if both:
                    print(f"{base} {kind}: {both}")
                continue
            known = KNOWN.get((base, kind))
            for who, more in (("firebreak", ours[kind] - theirs[kind]), ("tshark", theirs[kind] - ours[kind])):
                excused = known and known[0] in (who, None)
                bad |= bool(more) and not excused
                if more and excused:
                    print(f"{base} {kind}: {both}; {sum(more.values())} only by {who}: {known[1]}")
                    continue
                for value, n in sorted(more.items()):
                    print(f"{base} {kind}: only {who} {n} {value} ({both} agree)")
    return bad


sys.exit(main())
