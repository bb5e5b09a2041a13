#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Packets of every link type and tunnel: against how they were made, against tshark; every beginning of
# every frame.
. "$(dirname "$0")/../support/tap.sh"
TOOL=$BUILD/tests/conformance/packet_tool
PYTHON=/usr/bin/python3

command -v tshark >/dev/null && HAVE_TSHARK=1
if [ -d "$SHARED/net/ja4/pcap" ]; then
	for f in "$SHARED"/net/ja4/pcap/*; do
		case $f in
		*.pcap) [ "$(head -c4 "$f" | od -An -tx1)" = " 0a 0d 0d 0a" ] || cp "$f" "$TMP/" ;;
		esac
	done
	[ "$HAVE_TSHARK" ] && mergecap -F pcap -w "$TMP/ja4.pcap" "$SHARED"/net/ja4/pcap/* 2>/dev/null
	chmod u+w "$TMP"/*.pcap
	run 0 "every beginning of every frame of the given captures" "$TOOL" cut "$TMP"/*.pcap
	like "$out" ', 0 bad$' "keeps what packet.h promises ($out)"
else
	skip "the given captures" "no ../shared/data/net"
fi

if ! $PYTHON -c 'import scapy' 2>/dev/null; then
	skip "tunnels" "no python3-scapy"
	tap_done
fi
mkdir "$TMP/made"
run 0 "captures are made" $PYTHON "$TOP/tests/conformance/packet_make.py" "$TMP/made"
n=0
for f in "$TMP"/made/*.pcap; do
	"$TOOL" show "$f" >"$TMP/got"
	cut -f1,2 "${f%.pcap}.truth" | diff - "$TMP/got" >"$TMP/diff"
	ok $? "link type $(basename "$f" .pcap): each frame gives the packet that was put in"
	sed 's/^/# /' "$TMP/diff" | head -n 20
	n=$((n + $(wc -l <"$TMP/got")))
done
[ $n -ge 419 ]
ok $? "$n frames"
run 0 "every beginning of each of them" "$TOOL" cut "$TMP"/made/*.pcap
like "$out" ', 0 bad$' "keeps what packet.h promises ($out)"

# tcpdump knows most of the links: not the Windows number of IPv6, NFLOG of the other byte order, nor
# those that are left out.
if command -v tcpdump >/dev/null; then
	for f in "$TMP"/made/*.pcap; do
		link=$(basename "$f" .pcap)
		case $link in 1 | 128 | 143 | 204 | 205 | 206 | 274) continue ;; esac
		tcpdump -nr "$f" 2>/dev/null | grep -oE "IP6? [0-9a-f.:]+ > [0-9a-f.:]+: " | sed 's/IP6* //; s/: $//' >"$TMP/want"
		"$TOOL" show "$f" | awk -F'[\t ]' '{ print $3 "." $5 " > " $4 "." $6 }' >"$TMP/got"
		case $link in 0 | 239) want=2 ;; *) want=0 ;; esac
		[ "$(diff "$TMP/want" "$TMP/got" | grep -c '^[<>]')" -eq $want ] || bad="$bad $link"
	done
	is "$bad" "" "tcpdump sees what we see on every link type that it knows"
else
	skip "links" "no tcpdump"
fi

# Pieces go to every worker: the whole packet is told by the one that has its flow.
printf 'value\nnowhere.example\n' >"$TMP/none.csv"
for n in 1 2 5; do
	"$FIREBREAK" watch --read "$TMP/made/1.pcap" --json --events all --stats --workers $n \
		--indicators "$TMP/none.csv" --state "$TMP/none" >"$TMP/watch.$n" 2>"$TMP/err"
done
like "$(tail -n 1 "$TMP/watch.1")" '"tunnelled":106,"fragments":38,.*"lost_fragments":0' "watch counts them"
cmp "$TMP/watch.1" "$TMP/watch.2" && cmp "$TMP/watch.1" "$TMP/watch.5"
ok $? "the same with 1, 2 and 5 workers"

if [ "$HAVE_TSHARK" ]; then
	# tshark takes no pseudo-wire without being told, 802.11 in CAPWAP only in Cisco's order, and the length
	# 0 of a UDP jumbogram for 0.
	run 0 "tshark on the tunnels" $PYTHON "$TOP/tests/conformance/packet_agree.py" "$TOOL" "$TMP/made/1.pcap"
	is "$(printf '%s\n' "$out" | grep -v -e ' pseudo-wire' -e ' jumbogram udp6' -e ' CAPWAP with 802.11 ')" \
		"275 frames, 9 differ" "sees what we see, but for pseudo-wires"
	run 0 "tshark on Linux cooked and 802.11" $PYTHON "$TOP/tests/conformance/packet_agree.py" "$TOOL" \
		"$TMP"/made/113.pcap "$TMP"/made/127.pcap
	like "$out" '^16 frames, 0 differ$' "sees what we see"
	if [ -f "$TMP/ja4.pcap" ]; then
		run 0 "tshark on the given captures" $PYTHON "$TOP/tests/conformance/packet_agree.py" "$TOOL" \
			"$TMP/ja4.pcap"
		like "$out" '^[0-9]{4} frames, 0 differ$' "sees what we see ($(tail -n 1 <<<"$out"))"
	fi
else
	skip "agreement" "no tshark"
fi
tap_done
