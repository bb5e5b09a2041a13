#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# net_live.sh CAPTURE [RATE…]: at which rate do packets of a live interface begin to be lost? Replays the
# capture over a veth pair at rising rates (packets a second; 0: as fast as it goes) to firebreak watch and
# to others that are installed; prints loss and CPU-seconds. Root. Not a test.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
fb=${FIREBREAK:-$top/build/firebreak}
capture=$1
shift
[ $# -gt 0 ] || set -- 50000 100000 200000 0
A=fbl$$ B=fbm$$
tmp=$(mktemp -d)
trap 'ip netns del $A; ip netns del $B; rm -rf "$tmp"' EXIT
ip netns add $A
ip netns add $B
ip -n $A link add va type veth peer name vb netns $B
for ns in $A $B; do
	ip netns exec $ns sysctl -qw net.ipv6.conf.all.disable_ipv6=1
	ip -n $ns link set "$([ $ns = $A ] && echo va || echo vb)" arp off up
done
rx() { ip netns exec $B cat /sys/class/net/vb/statistics/rx_packets; }
printf 'type,value\ndomain,nothing.invalid\n' >"$tmp/none.csv"

# one NAME RATE COMMAND…: runs it while the capture is sent
one() {
	local name=$1 rate=$2 before sent
	shift 2
	{ time ip netns exec $B "$@" >"$tmp/out" 2>"$tmp/err"; } 2>"$tmp/time" &
	local job=$!
	sleep 1.5
	before=$(rx)
	ip netns exec $A tcpreplay -q -K -i va "$([ "$rate" = 0 ] && echo --topspeed || echo --pps="$rate")" "$capture" \
		>"$tmp/replay" 2>&1
	sent=$(($(rx) - before))
	sleep 0.3
	pkill -INT -P $job -f "vb" 2>/dev/null || ip netns pids $B | xargs -r kill -INT 2>/dev/null
	wait $job
	local lost
	case $name in
	firebreak*) lost=$(sed -n 's/.*"lost_kernel":\([0-9]*\).*/\1/p' "$tmp/out") ;;
	tcpdump) lost=$(sed -n 's/^\([0-9]*\) packets dropped by kernel.*/\1/p' "$tmp/err") ;;
	dumpcap) lost=$(sed -n 's|^Packets received.*: [0-9]*/\([0-9]*\) .*|\1|p' "$tmp/err") ;;
	*) lost='?' ;;
	esac
	printf '%-22s %9s %9s %9s %9s %9s\n' "$name" "$(sed -n 's/.*, \([0-9]*\)\.[0-9]* pps.*/\1/p' "$tmp/replay")" "$sent" \
		"${lost:-?}" "$(sed -n 's/^user.*m\(.*\)s/\1/p' "$tmp/time")" "$(sed -n 's/^sys.*m\(.*\)s/\1/p' "$tmp/time")"
}

printf '%-22s %9s %9s %9s %9s %9s\n' program packets/s sent lost user sys
for rate in "$@"; do
	command -v tcpdump >/dev/null && one tcpdump "$rate" tcpdump -ni vb -w /dev/null
	command -v dumpcap >/dev/null && one dumpcap "$rate" dumpcap -q -i vb -w /dev/null
	for w in 1 2; do
		one "firebreak, $w" "$rate" "$fb" watch --interface vb --workers $w --indicators "$tmp/none.csv" --json \
			--stats --output /dev/null --state /nonexistent
	done
done
