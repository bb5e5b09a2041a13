#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A large generated capture with known counts; every DNS name and address in it against tcpdump.
. "$(dirname "$0")/../support/tap.sh"

NAMES=$BUILD/tests/conformance/capture_names
gen=$SHARED/net/gen/gen.c
[ -n "$SHARED" ] && [ -f "$gen" ] || skip_all "no ../shared/data/net/gen"
cc -O1 -w -o "$TMP/gen" "$gen" -lcrypto 2>"$TMP/err" || skip_all "the generator does not build"

# packets, then the weights of DNS, TLS, HTTP, bulk and QUIC, and the mean length of bulk
"$TMP/gen" "$TMP/x.pcap" 60000 60 25 3 6 6 12
truth() { grep -o "\"$1\":[0-9]*" "$TMP/x.pcap.truth.json" | cut -d: -f2; }
stat() { awk -F '\t' -v n="$1" '$1 == "stat" && $2 == n { print $3 }' "$TMP/out"; }

run 0 "the capture is read to its end" "$NAMES" "$TMP/x.pcap"
printf '%s\n' "$out" >"$TMP/out"
for pair in packets:packets bytes:frame_bytes dns-queries:dns_queries dns-responses:dns_responses \
	tls-hellos:tls_flows; do
	is "$(stat "${pair%:*}")" "$(truth "${pair#*:}")" "${pair%:*} as the generator counted"
done
is "$(awk -F '\t' '$2 == "tls-sni"' "$TMP/out" | wc -l)" "$(truth tls_flows)" "a name for each hello"
is "$(stat losses)" 0 "nothing is lost"

if command -v tcpdump >/dev/null; then
	# "… > 10.10.0.1.53: 4711+ [1au] A? name. (40)"
	tcpdump -nn -r "$TMP/x.pcap" 'udp dst port 53' 2>/dev/null |
		sed -n 's/.* \([A-Za-z0-9]*\)? \([^ ]*\)\. .*/\1 \2/p' |
		sed 's/^Type65/HTTPS/' >"$TMP/want" # as older tcpdumps call it
	awk -F '\t' '$2 == "dns-query" { t = $7 == 1 ? "A" : $7 == 28 ? "AAAA" : $7 == 16 ? "TXT" : "HTTPS"
		print t, $8 }' "$TMP/out" >"$TMP/got"
	cmp "$TMP/want" "$TMP/got" >"$TMP/cmp"
	ok $? "$(wc -l <"$TMP/want") questions as tcpdump prints them"
	tcpdump -nn -r "$TMP/x.pcap" 'udp src port 53' 2>/dev/null |
		grep -oE ' (A|AAAA|CNAME) [0-9a-z.:-]+' | sed 's/\.$//' >"$TMP/want"
	awk -F '\t' '$2 == "dns-answer" && $10 != "" { print " " ($7 == 1 ? "A" : "AAAA"), $10 }
		$2 == "dns-answer" && $7 == 5 && $9 != "" { print " CNAME", $9 }' "$TMP/out" >"$TMP/got"
	cmp "$TMP/want" "$TMP/got" >"$TMP/cmp"
	ok $? "$(wc -l <"$TMP/want") addresses and aliases as tcpdump prints them"
else
	skip "questions and answers" "no tcpdump"
fi

# A byte short: what came before stands, and the end is said.
head -c -1 "$TMP/x.pcap" >"$TMP/y.pcap"
run 1 "a capture that ends in its last packet is incomplete" "$NAMES" "$TMP/y.pcap"
like "$err" "cut off after packet $(($(truth packets) - 1))," "and says after which packet"
tap_done
