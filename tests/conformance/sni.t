#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The server name of every TLS connection over TCP in FoxIO's captures, with its addresses and
# ports, against what their reference implementation (Rust) found. Their test results for QUIC are
# left out: QUIC is not read yet.
. "$(dirname "$0")/../support/tap.sh"

NAMES=$BUILD/tests/conformance/capture_names
dir=$SHARED/net/ja4
[ -n "$SHARED" ] && [ -d "$dir/pcap" ] || skip_all "no ../shared/data/net/ja4"

# "src port dst port name" of each TCP stream with a name
reference() {
	awk '
		function give() { if (tcp && name != "") print src, sport, dst, dport, name }
		/^- stream:/ { give(); tcp = 0; name = "" }
		$1 == "transport:" { tcp = $2 == "tcp" }
		$1 == "src:" { src = $2 }
		$1 == "dst:" { dst = $2 }
		$1 == "src_port:" { sport = $2 }
		$1 == "dst_port:" { dport = $2 }
		$1 == "tls_server_name:" { name = $2 }
		END { give() }' "$1" | sort -u
}

total=0
for pcap in "$dir"/pcap/*.pcap*; do
	base=${pcap##*/}
	want=$(reference "$dir/expected/ja4__insta@$base.snap")
	"$NAMES" "$pcap" >"$TMP/out" 2>"$TMP/err" # a damaged capture is fine: the names count
	got=$(awk -F '\t' '$2 == "tls-sni" { print $3, $4, $5, $6, $8 }' "$TMP/out" | sort -u)
	n=$(printf '%s' "$want" | grep -c .)
	total=$((total + n))
	is "$got" "$want" "$base: $n names"
done
[ "$total" -gt 100 ]
ok $? "more than 100 names were compared ($total)"
tap_done
