#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# net: what the network sensor costs. A capture (given, or made by the generator of ../shared: 5.15 M
# packets, 4.4 GB) against a million indicators: CPU and wall-clock seconds with 1 and 2 workers, peak
# memory, and the ratio to `tcpdump -r FILE -w /dev/null`, which merely reads. Then the peers that are
# installed; slow ones on the first packets, scaled up. The least CPU of RUNS runs. Prints, never fails.
# Usage: net.sh [BUILD] [CAPTURE] [RUNS]

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${1:-$TOP/build}" && pwd) || exit 1
CAPTURE=$2 RUNS=${3:-3}
FIREBREAK=$BUILD/firebreak
PART=200000
TIMEFORMAT='%U %S %R'
dir=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$dir"' EXIT
export FIREBREAK_STATE=$dir/state

# "CPU WALL" of the run that took the least CPU.
best() {
	for ((i = 0; i < RUNS; i++)); do
		{ time "$@" >/dev/null 2>&1; } 2>&1
	done | awk '{ t = $1 + $2; if (NR == 1 || t < best) { best = t; wall = $3 } }
		END { printf "%.2f %.2f", best, wall }'
}

# line NAME CPU WALL [NOTE]
line() {
	awk -v name="$1" -v cpu="$2" -v wall="$3" -v base="$base" -v note="$4" 'BEGIN {
		printf "  %-46s %8.2f %8.2f %7.2f  %s\n", name, cpu, wall, cpu / base, note }'
}

# Most memory of a program and its children, each page counted once, in MiB.
peak() {
	"$@" >/dev/null 2>&1 &
	local pid=$! most=0 sum
	while kill -0 $pid 2>/dev/null; do
		sum=$(for p in $pid $(pgrep -P $pid); do
			awk '/^Pss:/ { print $2 }' "/proc/$p/smaps_rollup" 2>/dev/null
		done | awk '{ s += $1 } END { print s + 0 }')
		[ "$sum" -gt "$most" ] && most=$sum
		sleep 0.05
	done
	echo $((most / 1024))
}

watch() { # WORKERS
	"$FIREBREAK" watch --read "$CAPTURE" --workers "$1" --json --events all
}

# peer NAME PROGRAM ARGUMENT…: on the whole capture
peer() {
	local name=$1
	shift
	command -v "$1" >/dev/null || return
	read -r cpu wall <<<"$(RUNS=1 best "$@")"
	line "$name" "$cpu" "$wall"
}

# peer_part: on the first packets; the figures are scaled to the whole
peer_part() {
	local name=$1
	shift
	command -v "$1" >/dev/null || return
	read -r cpu wall <<<"$(RUNS=1 best "$@")"
	read -r cpu wall <<<"$(awk -v c="$cpu" -v w="$wall" -v f="$scale" 'BEGIN { print c * f, w * f }')"
	line "$name" "$cpu" "$wall" "from $PART packets"
}

if ! command -v tcpdump >/dev/null; then
	echo "net: no tcpdump to compare with"
	exit 0
fi
if [ -z "$CAPTURE" ]; then
	gen=$TOP/../shared/data/net/gen/gen.c
	if ! gcc -O2 -w -o "$dir/gen" "$gen" -lcrypto -lm 2>/dev/null; then
		echo "net: no capture given, and no generator"
		exit 0
	fi
	CAPTURE=$dir/mix.pcap
	"$dir/gen" "$CAPTURE" 5000000 2>/dev/null
fi
awk 'BEGIN { srand(1); for (i = 0; i < 1000000; i++) printf "x%d-%d.example%d.net\n", i, rand() * 1e9, i % 997 }' \
	>"$dir/names.txt"
"$FIREBREAK" intel import "$dir/names.txt" --format list --type domain --source bench >/dev/null
cat "$CAPTURE" >/dev/null
read -r base wall <<<"$(best tcpdump -r "$CAPTURE" -w /dev/null)"
printf '%s, %s MiB, CPU and wall-clock seconds, CPU against tcpdump\n' "${CAPTURE##*/}" \
	"$(($(stat -L -c %s "$CAPTURE") >> 20))"
line "tcpdump -r FILE -w /dev/null" "$base" "$wall"
read -r cpu1 wall1 <<<"$(best watch 1)"
line "firebreak watch, 1 worker, all events as JSON" "$cpu1" "$wall1" "$(peak watch 1) MiB"
read -r cpu2 wall2 <<<"$(best watch 2)"
line "firebreak watch, 2 workers, all events as JSON" "$cpu2" "$wall2" "$(peak watch 2) MiB"
awk -v a="$wall1" -v b="$wall2" -v n="$(nproc)" 'BEGIN {
	printf "  two workers are %.2f times as fast as one (%d CPUs, one more process collects)\n", a / b, n }'
peer "dnscap (DNS only)" dnscap -r "$CAPTURE" -g
peer "ndpiReader" ndpiReader -q -i "$CAPTURE"
mkdir "$dir/out"
peer "suricata" suricata -r "$CAPTURE" -l "$dir/out" -k none
peer "zeek" zeek -C -r "$CAPTURE" LogAscii::output_to_stdout=T
if command -v editcap >/dev/null; then
	editcap -r "$CAPTURE" "$dir/part.pcap" 1-$PART 2>/dev/null
	scale=$(awk -v a="$(stat -L -c %s "$CAPTURE")" -v b="$(stat -c %s "$dir/part.pcap")" 'BEGIN { print a / b }')
	peer_part "tshark -T fields (names)" tshark -n -r "$dir/part.pcap" -T fields -e dns.qry.name \
		-e tls.handshake.extensions_server_name -e http.host
fi
