#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""packet_agree TOOL CAPTURE…: the innermost packet of each frame as packet_tool and as tshark see it; prints
"FRAME NAME: TSHARK | OURS" where they differ, last "N frames, M differ". Names come from CAPTURE's .truth."""
import subprocess
import sys

FIELDS = ["frame.number", "frame.protocols", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "udp.srcport",
          "udp.dstport", "tcp.srcport", "tcp.dstport", "udp.length", "tcp.len"]


def innermost(row):
    protocols, fields = row[1].split(":"), [x.split(";") for x in row[2:]]
    for quoting in ("icmp", "icmpv6"):
        if quoting in protocols:
            protocols = protocols[:protocols.index(quoting)]
    n = {"ip": 0, "ipv6": 0, "udp": 0, "tcp": 0}
    family = transport = None
    for x in protocols:
        if x not in n:
            continue
        n[x] += 1
        if x in ("ip", "ipv6"):
            family, transport = x, None
        else:
            transport = x
    if not family or not transport:
        return "-"
    a, t = (0 if family == "ip" else 2), (4 if transport == "udp" else 6)
    size = int(fields[8 if transport == "udp" else 9][n[transport] - 1]) - (8 if transport == "udp" else 0)
    return "%s %s %s %s %s %d" % (transport, fields[a][n[family] - 1], fields[a + 1][n[family] - 1],
                                  fields[t][n[transport] - 1], fields[t + 1][n[transport] - 1], size)


def tshark(path):
    cmd = ["tshark", "-r", path, "-n", "-d", "udp.port==8472,vxlan", "-d", "udp.port==40009,teredo", "-T", "fields",
           "-E", "occurrence=a", "-E", "aggregator=;"]
    for f in FIELDS:
        cmd += ["-e", f]
    rows = subprocess.run(cmd, capture_output=True, text=True, check=True).stdout.splitlines()
    return [innermost((r + "\t" * len(FIELDS)).split("\t")[:len(FIELDS)]) for r in rows]


def ours(tool, path):
    rows = subprocess.run([tool, "show", path], capture_output=True, text=True, check=True).stdout.splitlines()
    return [" ".join(r.split("\t")[1].split(" ")[:6]) for r in rows]


frames = differ = 0
for path in sys.argv[2:]:
    try:
        names = [line.rstrip("\n").split("\t")[2] for line in open(path[:-5] + ".truth")]
    except OSError:
        names = []
    a, b = tshark(path), ours(sys.argv[1], path)
    frames += max(len(a), len(b))
    for i in range(max(len(a), len(b))):
        x, y = (s[i] if i < len(s) else "nothing" for s in (a, b))
        if x != y:
            differ += 1
            print("%d %s: %s | %s" % (i + 1, names[i] if i < len(names) else "", x, y))
print("%d frames, %d differ" % (frames, differ))
