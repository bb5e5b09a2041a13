#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The server name of every TLS and QUIC connection in FoxIO's captures, with its addresses and ports,
# against what their reference implementation (Rust) found.
. "$(dirname "$0")/../support/tap.sh"

dir=$SHARED/net/ja4
[ -n "$SHARED" ] && [ -d "$dir/pcap" ] || skip_all "no ../shared/data/net/ja4"

# "src port dst port name" of each stream with a name
reference() {
	awk '
		function give() { if (name != "") print src, sport, dst, dport, name }
		/^- stream:/ { give(); name = "" }
		$1 == "src:" { src = $2 }
		$1 == "dst:" { dst = $2 }
		$1 == "src_port:" { sport = $2 }
		$1 == "dst_port:" { dport = $2 }
		$1 == "tls_server_name:" { name = $2 }
		END { give() }' "$1" | sort -u
}

names='
import json, sys
rows = {"%s %d %s %d %s" % (x["id.orig_h"], x["id.orig_p"], x["id.resp_h"], x["id.resp_p"], x["server_name"])
        for x in map(json.loads, sys.stdin) if x.get("server_name") and x["_path"] in ("ssl", "quic")}
print("\n".join(sorted(rows)))'

printf 'value\nnot-there.example\n' >"$TMP/none.csv"
total=0
for pcap in "$dir"/pcap/*.pcap*; do
	base=${pcap##*/}
	want=$(reference "$dir/expected/ja4__insta@$base.snap")
	got=$("$FIREBREAK" watch --read "$pcap" --json --events all --indicators "$TMP/none.csv" 2>"$TMP/err" |
		python3 -c "$names")
	n=$(printf '%s' "$want" | grep -c .)
	total=$((total + n))
	is "$got" "$want" "$base: $n names"
done
[ "$total" -gt 100 ]
ok $? "more than 100 names were compared ($total)"
tap_done
