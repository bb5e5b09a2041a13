# SPDX-License-Identifier: Apache-2.0
# netns.sh: two network namespaces with a cable between them, and firebreak watching one end. Source it
# after tap.sh. Skips the whole test where namespaces or packet sockets are refused.
#
#   $C client, $S server: namespaces; $CIF, $SIF: their ends; 10.77.0.1 and .2, fd77::1 and ::2
#   on NS COMMAND…       runs it in there (with $TMP/resolv.conf as resolver, if there is one)
#   bg NS COMMAND…       the same in the background until the end of the test; output in $TMP/bg.log
#   live NAME OPTION…    firebreak watch in $C, lines in $TMP/NAME.json, messages in $TMP/NAME.err;
#                        returns when packets are taken
#   live_end             ends it; its exit code in $live_rc
#   passed               how many packets $CIF has had so far, both ways

[ "$(id -u)" -eq 0 ] || skip_all "not root: no network namespaces"
for p in ip unshare nsenter python3; do
	command -v $p >/dev/null || skip_all "$p is not installed"
done

C=fbc$$ S=fbs$$ CIF=fbv${$}c SIF=fbv${$}s
ns_pids=()
ns_clean() {
	[ -z "${live_pid:-}" ] || kill -9 "$live_pid" 2>/dev/null
	[ ${#ns_pids[@]} -eq 0 ] || kill "${ns_pids[@]}" 2>/dev/null
	ip netns del $C 2>/dev/null
	ip netns del $S 2>/dev/null
	wait 2>/dev/null
	rm -rf "$TMP"
}
trap ns_clean EXIT
ip netns add $C 2>/dev/null && ip netns add $S || skip_all "network namespaces are refused here"

# plug: the cable, new or again
plug() {
	ip -n $C link add $CIF type veth peer name $SIF netns $S || return
	set -- $C $CIF 1 $S $SIF 2
	while [ $# -gt 0 ]; do
		ip -n "$1" link set lo up
		ip -n "$1" addr add 10.77.0."$3"/24 dev "$2"
		ip -n "$1" addr add fd77::"$3"/64 dev "$2" nodad
		ip -n "$1" link set "$2" up
		shift 3
	done
}
# No router solicitations: what is counted here is what the tests send.
for ns in $C $S; do
	ip netns exec $ns sysctl -qw net.ipv6.conf.default.router_solicitations=0 net.ipv6.conf.default.addr_gen_mode=1 \
		2>/dev/null
done
plug 2>/dev/null || skip_all "veth interfaces are refused here"
python3 -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)' 2>/dev/null ||
	skip_all "packet sockets are refused here"

on() {
	local ns=$1
	shift
	if [ -e "$TMP/resolv.conf" ]; then
		nsenter --net=/run/netns/"$ns" unshare -m bash -c \
			'mount --bind "$0" "$(realpath /etc/resolv.conf)" && exec "$@"' "$TMP/resolv.conf" "$@"
	else
		nsenter --net=/run/netns/"$ns" "$@"
	fi
}

bg() {
	local ns=$1
	shift
	nsenter --net=/run/netns/"$ns" "$@" >>"$TMP/bg.log" 2>&1 </dev/null &
	ns_pids+=($!)
}

# until_ok SECONDS COMMAND…: tries it until it succeeds
until_ok() {
	local n=$(($1 * 20))
	shift
	until "$@" >/dev/null 2>&1; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.05
	done
}

live() {
	local name=$1
	shift
	local state="--state $TMP/nowhere"
	[[ " $* " != *" --state "* ]] || state=
	: >"$TMP/$name.err" # that of an earlier one
	# shellcheck disable=SC2086 # an option and its value
	nsenter --net=/run/netns/$C "$FIREBREAK" watch --interface $CIF --json $state "$@" \
		>"$TMP/$name.json" 2>"$TMP/$name.err" </dev/null &
	live_pid=$!
	until_ok 10 grep -q "watching" "$TMP/$name.err" || {
		sed 's/^/# /' "$TMP/$name.err"
		return 1
	}
}

live_end() {
	kill -INT "$live_pid"
	wait "$live_pid"
	live_rc=$?
	live_pid=
}

# passed: how many packets the client's interface has had
passed() {
	nsenter --net=/run/netns/$C awk -v i="$CIF:" '$1 == i { print $3 + $11 }' /proc/net/dev
}

# stat_of FILE NAME: a count of its stats line
stat_of() {
	sed -n 's/.*"_path":"stats".*[,{]"'"$2"'":\([0-9]*\).*/\1/p' "$1"
}
