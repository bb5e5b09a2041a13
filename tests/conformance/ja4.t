#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Server name, addresses and JA4 of every TLS and QUIC connection in FoxIO's captures, through watch,
# against what their reference implementations found: the one in Rust tells one hello a connection,
# the one in Python every one, but none of QUIC. Where we differ: docs/net-agreement.md.
. "$(dirname "$0")/../support/tap.sh"

dir=$SHARED/net/ja4
[ -n "$SHARED" ] && [ -d "$dir/pcap" ] || skip_all "no ../shared/data/net/ja4"

hellos='
import collections, json, os, sys
capture, watched, snap, python = sys.argv[1:]

# One ALPN is not ASCII (be ... cd): JA4.md says hexadecimal, the implementations of then said 99.
def old(ja4):
    return ja4.replace("t13d1516bd_", "t13d151699_") if "non-ascii" in capture else ja4

ours = collections.Counter()
for x in map(json.loads, open(watched)):
    if x.get("event.action") == "client_hello":
        ours[x["id.orig_h"], x["id.orig_p"], x["id.resp_h"], x["id.resp_p"],
             x.get("server_name", ""), old(x["ja4"])] += 1

rust, stream = set(), {}
def give():
    if "ja4" in stream:
        rust.add((stream["src"], int(stream["src_port"]), stream["dst"], int(stream["dst_port"]),
                  stream.get("tls_server_name", ""), stream["ja4"]))
for line in open(snap):
    if line.startswith("- stream"):
        give()
        stream = {}
    key, _, value = line.strip("- \n").partition(": ")
    stream.setdefault(key, value)
give()

tcp = collections.Counter()
if os.path.exists(python):
    for x in json.load(open(python)):
        for key in x:
            if key.startswith("JA4."):
                tcp[x["src"], int(x["srcport"]), x["dst"], int(x["dstport"]), x.get("domain", ""), x[key]] += 1
def told(kind, rows):
    for row in sorted(rows):
        print(kind, *row)
# A second hello, after a HelloRetryRequest, is none of the one in Rust: Python has those.
told("only here:", {k for k in ours if k not in rust and k[:4] not in {r[:4] for r in rust}})
told("only Rust:", rust - set(ours))
if tcp:
    streams = {k[:4] for k in tcp}
    mine = collections.Counter({k: n for k, n in ours.items() if k[:4] in streams})
    told("more here:", mine - tcp)
    told("more in Python:", tcp - mine)
print("hellos:", sum(ours.values()), "connections:", len(rust), "by Python:", sum(tcp.values()))'

printf 'value\nnot-there.example\n' >"$TMP/none.csv"
total=0
for pcap in "$dir"/pcap/*.pcap*; do
	base=${pcap##*/}
	"$FIREBREAK" watch --read "$pcap" --json --events all --indicators "$TMP/none.csv" >"$TMP/out" 2>"$TMP/err"
	got=$(python3 -c "$hellos" "$base" "$TMP/out" "$dir/expected/ja4__insta@$base.snap" "$dir/expected/$base.json" 2>&1)
	n=$(printf '%s' "$got" | sed -n 's/^hellos: \([0-9]*\) .*/\1/p')
	total=$((total + n))
	is "$(printf '%s' "$got" | grep -v '^hellos: ')" "" "$base: $(printf '%s' "$got" | tail -n 1)"
done
[ "$total" -gt 200 ]
ok $? "more than 200 hellos were compared ($total)"
tap_done
