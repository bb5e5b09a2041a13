#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The engine under `firebreak watch`: the generator's truth for any number of workers, from files, pipes
# and pcapng; captures that are cut, damaged or none; workers that are killed; being stopped.
. "$(dirname "$0")/../support/tap.sh"

export FIREBREAK_STATE=$TMP/state

# stat NAME: of the last run's $TMP/stats.json
stat() {
	sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$TMP/stats.json"
}

# truth FILE NAME: what the generator wrote
truth() {
	sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$1.truth.json"
}

watch() {
	rm -f "$TMP/stats.json"
	"$FIREBREAK" watch --json --events all --stats-file "$TMP/stats.json" "$@"
}

# check_truth CAPTURE WHAT: the counts of the last run against the generator's
check_truth() {
	local f=$1 t12 tls got want
	tls=$(truth "$f" tls_flows)
	t12=$(truth "$f" tls12_flows)
	got="$(stat packets) $(stat bytes) $(stat dns_queries) $(stat dns_responses) $(stat dns_answers)"
	want="$(truth "$f" packets) $(truth "$f" frame_bytes) $(truth "$f" dns_queries)"
	want="$want $(truth "$f" dns_responses) $(truth "$f" dns_answers)"
	is "$got" "$want" "$2: packets, bytes, DNS"
	got="$(stat tls_client_hellos) $(stat tls_server_hellos) $(stat tls_certificates)"
	is "$got" "$tls $tls $((2 * t12))" "$2: TLS hellos and certificates"
	got="$(stat quic_initials) $(stat quic_client_hellos) $(stat http_requests)"
	want="$(truth "$f" quic_flows) $(truth "$f" quic_flows) $(truth "$f" http_flows)"
	is "$got" "$want" "$2: QUIC and HTTP"
	is "$(stat flows)" "$((tls + $(truth "$f" quic_flows) + $(truth "$f" http_flows) + $(truth "$f" bulk_flows)))" \
		"$2: flows"
	is "$(stat losses)" 0 "$2: nothing lost"
}

truth_tests() {
	local cc gen=$SHARED/net/gen/gen.c
	cc=$(command -v gcc || command -v clang || command -v clang-19)
	if [ -z "$SHARED" ] || [ ! -f "$gen" ] || [ -z "$cc" ]; then
		skip "truth counts" "no generator (../shared/data/net/gen) or no compiler"
		return
	fi
	if ! "$cc" -O1 -w -o "$TMP/gen" "$gen" -lcrypto -lm 2>/dev/null; then
		skip "truth counts" "the generator does not build here"
		return
	fi
	"$TMP/gen" "$TMP/a.pcap" 25000 >/dev/null 2>&1
	SNI_LAST=1 "$TMP/gen" "$TMP/b.pcap" 25000 60 25 3 6 6 1 >/dev/null 2>&1
	local w first=
	for w in 1 2 3; do
		watch --read "$TMP/a.pcap" --workers $w >"$TMP/a.$w" 2>/dev/null
		check_truth "$TMP/a.pcap" "$w workers"
		cmp -s "$TMP/a.1" "$TMP/a.$w"
		ok $? "$w workers: the same lines"
	done
	watch --read "$TMP/b.pcap" --workers 2 >"$TMP/b.json" 2>/dev/null
	check_truth "$TMP/b.pcap" "SNI behind the key share"
	is "$(grep -c '"server_name":' "$TMP/b.json")" "$(($(stat tls_client_hellos) + $(stat quic_client_hellos)))" \
		"and every hello has its name"
	watch - --workers 2 <"$TMP/a.pcap" >"$TMP/a.in" 2>/dev/null
	cmp -s "$TMP/a.1" "$TMP/a.in"
	ok $? "standard input, a file: the same lines"
	cat "$TMP/a.pcap" | watch - --workers 3 >"$TMP/a.pipe" 2>/dev/null
	cmp -s "$TMP/a.1" "$TMP/a.pipe"
	ok $? "a pipe: the same lines"
	if command -v editcap >/dev/null; then
		editcap -F pcapng "$TMP/a.pcap" "$TMP/a.pcapng" 2>/dev/null
		watch --read "$TMP/a.pcapng" --workers 2 >"$TMP/a.ng" 2>/dev/null
		cmp -s "$TMP/a.1" "$TMP/a.ng"
		ok $? "pcapng: the same lines"
		cat "$TMP/a.pcapng" | watch - --workers 1 >"$TMP/a.ng" 2>/dev/null
		cmp -s "$TMP/a.1" "$TMP/a.ng"
		ok $? "pcapng from a pipe: the same lines"
		editcap -F nsecpcap "$TMP/a.pcap" "$TMP/a.nano" 2>/dev/null
		watch --read "$TMP/a.nano" --workers 2 >"$TMP/a.ns" 2>/dev/null
		cmp -s "$TMP/a.1" "$TMP/a.ns"
		ok $? "nanoseconds: the same lines"
	else
		skip "pcapng" "no editcap"
	fi
}

# le32 NUMBER…: as bytes
le32() {
	local v
	for v; do
		printf "\\x$(printf %02x $((v & 255)))\\x$(printf %02x $((v >> 8 & 255)))"
		printf "\\x$(printf %02x $((v >> 16 & 255)))\\x$(printf %02x $((v >> 24 & 255)))"
	done
}

# One DNS query of three.example. query TIME: a record
query() {
	le32 "$1" 0 73 73
	printf '\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02\x08\x00'
	printf '\x45\x00\x00\x3b\x00\x01\x40\x00\x40\x11\x00\x00\xc0\x00\x02\x01\xc6\x33\x64\x07'
	printf '\xc3\x50\x00\x35\x00\x27\x00\x00\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00'
	printf '\x05three\x07example\x00\x00\x01\x00\x01'
}

header() { # [LINK]
	le32 $((0xa1b2c3d4)) $((2 | 4 << 16)) 0 0 65535 "${1:-1}"
}

bad_tests() {
	{ header; query 1700000000; query 1700000001; } >"$TMP/two.pcap"
	run 0 "two queries" watch --read "$TMP/two.pcap" --workers 2
	is "$(printf '%s\n' "$out" | grep -c three.example)" 2 "are seen"
	head -c -10 "$TMP/two.pcap" >"$TMP/cut.pcap"
	run 4 "cut in the second packet" watch --read "$TMP/cut.pcap" --workers 2
	like "$err" 'cut.pcap: packet 2, offset 113: ends in the middle' "is said, with packet and offset"
	is "$(printf '%s\n' "$out" | grep -c three.example)" 1 "and the first is told"
	{ header; query 1700000000; printf '\xff%.0s' {1..64}; query 1; } >"$TMP/bad.pcap"
	run 4 "damaged in the middle" watch --read "$TMP/bad.pcap"
	like "$err" 'packet 2, offset 113: damaged' "is said, with packet and offset"
	run 4 "the others are read all the same" watch --read "$TMP/bad.pcap" --read "$TMP/two.pcap"
	is "$(stat packets)" 3 "all of them"
	head -c 20 "$TMP/two.pcap" >"$TMP/short.pcap"
	run 5 "half a header" watch --read "$TMP/short.pcap"
	echo text >"$TMP/text"
	run 5 "text" watch --read "$TMP/text"
	: >"$TMP/empty"
	run 5 "an empty file" watch --read "$TMP/empty"
	{ header 147; query 1; query 2; } >"$TMP/link.pcap"
	run 4 "an unknown link type" watch --read "$TMP/link.pcap" --workers 3
	is "$(stat lost_link_type)" 2 "its packets are counted"
	is "$(printf '%s\n' "$err" | grep -c 'link type 147')" 1 "and it is named once"
	{ header; query 1700000100; query 1700000001; query 4294967295; } >"$TMP/back.pcap"
	run 0 "a clock that goes back, and to the end of time" watch --read "$TMP/back.pcap"
	is "$(stat dns_queries)" 3 "hides nothing"
}

# pipe_run SIGNAL TARGET: a stream that stays open, and a signal to the collector or to a worker
pipe_run() {
	mkfifo "$TMP/fifo" 2>/dev/null
	"$FIREBREAK" watch - --json --workers 2 --stats-file "$TMP/stats.json" <"$TMP/fifo" \
		>"$TMP/.out" 2>"$TMP/.err" &
	local pid=$! i worker
	exec 9>"$TMP/fifo"
	cat "$TMP/two.pcap" >&9
	for i in {1..400}; do
		[ "$(grep -c three.example "$TMP/.out")" = 2 ] && break
		sleep 0.05
	done
	is "$(grep -c three.example "$TMP/.out")" 2 "what is in an open pipe is told at once"
	worker=$(pgrep -P $pid | head -n 1)
	[ "$2" = worker ] && kill -"$1" "$worker" || kill -"$1" $pid
	for i in {1..400}; do
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	kill -0 $pid 2>/dev/null
	is $? 1 "$1 to the $2: it ends soon"
	kill -KILL $pid 2>/dev/null
	wait $pid
	ended=$?
	exec 9>&-
	is "$(pgrep -P $pid)" "" "and leaves nobody behind"
}

kill_tests() {
	pipe_run SEGV worker
	is $ended 4 "a worker that crashes is a loss"
	like "$(cat "$TMP/.err")" 'a worker ended early \(Segmentation fault\)' "and is said"
	pipe_run KILL worker
	is $ended 4 "so is one that is killed"
	pipe_run TERM watch
	is $ended 0 "being stopped is none"
}

truth_tests
bad_tests
kill_tests
tap_done
