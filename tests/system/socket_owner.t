#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The process behind a connection, as the kernel noted it: right for every kind of socket and
# program, also when the process has ended since.
. "$(dirname "$0")/../support/tap.sh"

tool=$BUILD/tests/system/socket_tool
python=/usr/bin/python3
[ -x "$python" ] || skip_all "no python3"

if [ "$(id -u)" -eq 0 ]; then
	run 3 "without the rights" setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$tool"
	like "$err" "^naming the processes behind connections takes root, or the capabilities CAP_BPF" "what it takes is told"
else
	run 3 "without the rights" "$tool"
	skip_all "not root"
fi
why=$("$tool" 2>&1 >/dev/null </dev/null) || skip "processes behind connections" "$why"
unshare -n true 2>/dev/null || why="no network namespaces"
if [ -z "$why" ]; then
	unshare -n -- bash -c 'ip link set lo up && exec "$@"' - "$python" "$TOP/tests/system/socket_peers.py" "$tool" "$TMP" \
		>"$TMP/said" 2>"$TMP/err"
	is "$?" 0 "all was asked"
	sed 's/^/# /' "$TMP/err"
	while IFS= read -r line; do
		is "${line#*: }" right "${line%%: *}"
	done <"$TMP/said"
	[ "$(wc -l <"$TMP/said")" -ge 13 ]
	ok $? "enough of it"
fi
tap_done
