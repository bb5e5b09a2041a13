#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Server name, addresses and JA4 of every TLS and QUIC connection in FoxIO's captures, through watch,
# against what their reference implementations found: the one in Rust tells one hello a connection,
# the one in Python every one, but none of QUIC. Where we differ: docs/net-agreement.md.
. "$(dirname "$0")/../support/tap.sh"

dir=$SHARED/net/ja4
[ -n "$SHARED" ] && [ -d "$dir/pcap" ] || skip_all "no ../shared/data/net/ja4"

# compare: a line for each capture: its name, what differs, counts
cat >"$TMP/compare.py" <<'PY'
import collections, json, os, sys
where, tmp = sys.argv[1:]

# One ALPN is not ASCII (be ... cd): JA4.md says hexadecimal, the implementations of then said 99.
def old(capture, ja4):
    return ja4.replace("t13d1516bd_", "t13d151699_") if "non-ascii" in capture else ja4

def by_watch(capture):
    hellos = collections.Counter()
    for x in map(json.loads, open("%s/%s.json" % (tmp, capture))):
        if x.get("event.action") == "client_hello":
            hellos[x["id.orig_h"], x["id.orig_p"], x["id.resp_h"], x["id.resp_p"],
                   x.get("server_name", ""), old(capture, x["ja4"])] += 1
    return hellos

def by_rust(capture):
    hellos, stream = set(), {}
    def give():
        if "ja4" in stream:
            hellos.add((stream["src"], int(stream["src_port"]), stream["dst"], int(stream["dst_port"]),
                        stream.get("tls_server_name", ""), stream["ja4"]))
    for line in open("%s/expected/ja4__insta@%s.snap" % (where, capture)):
        if line.startswith("- stream"):
            give()
            stream = {}
        key, _, value = line.strip("- \n").partition(": ")
        stream.setdefault(key, value)
    give()
    return hellos

def by_python(capture):
    hellos, path = collections.Counter(), "%s/expected/%s.json" % (where, capture)
    for x in json.load(open(path)) if os.path.exists(path) else []:
        for key in x:
            if key.startswith("JA4."):
                hellos[x["src"], int(x["srcport"]), x["dst"], int(x["dstport"]), x.get("domain", ""), x[key]] += 1
    return hellos

for capture in sorted(os.listdir(where + "/pcap")):
    ours, rust, tcp = by_watch(capture), by_rust(capture), by_python(capture)
    bad = []
    def told(kind, rows):
        bad.extend(" ".join(map(str, (kind, *row))) for row in sorted(rows))
    # A second hello, after a HelloRetryRequest, is none of the one in Rust: Python has those.
    told("only here:", {k for k in ours if k not in rust and k[:4] not in {r[:4] for r in rust}})
    told("only Rust:", rust - set(ours))
    if tcp:
        streams = {k[:4] for k in tcp}
        mine = collections.Counter({k: n for k, n in ours.items() if k[:4] in streams})
        told("more here:", mine - tcp)
        told("more in Python:", tcp - mine)
    print(capture, "; ".join(bad), "hellos: %d connections: %d by Python: %d" %
          (sum(ours.values()), len(rust), sum(tcp.values())), sep="|")
PY

printf 'value\nnot-there.example\n' >"$TMP/none.csv"
n=0 total=0
for pcap in "$dir"/pcap/*; do
	n=$((n + 1))
	"$FIREBREAK" watch --read "$pcap" --json --events all --indicators "$TMP/none.csv" >"$TMP/${pcap##*/}.json" 2>/dev/null
done
python3 "$TMP/compare.py" "$dir" "$TMP" >"$TMP/compared" 2>"$TMP/err"
is "$? $(cat "$TMP/err")" "0 " "all are compared"
while IFS='|' read -r base bad counts; do
	n=$((n - 1))
	total=$((total + $(cut -d' ' -f2 <<<"$counts")))
	is "$bad" "" "$base: $counts"
done <"$TMP/compared"
is $n 0 "each of them"
[ "$total" -gt 200 ]
ok $? "more than 200 hellos were compared ($total)"
tap_done
