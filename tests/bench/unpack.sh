#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# unpack.sh [BUILD]: listing and hashing a zip and a tar.gz of MIB (256) MiB against bsdtar piped to
# sha256sum: wall and CPU seconds, best of three, and the ratio (below 1: faster than bsdtar).

BUILD=${1:-${BUILD:-$(dirname "$0")/../../build}}
BUILD=$(cd "$BUILD" && pwd)
TOOL=$BUILD/tests/system/unpack_tool
MIB=${MIB:-256}
for p in bsdtar zip gzip; do
	command -v $p >/dev/null || { echo "unpack: no $p, nothing measured"; exit 0; }
done
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
cd "$TMP" || exit 1

mkdir in
left=$((MIB * 1024))
round=0
while [ "$left" -gt 0 ] && [ "$round" -lt 16 ]; do
	round=$((round + 1))
	mkdir in/$round
	while read -r size path; do
		[ "$left" -gt 0 ] || break
		cp "$path" "in/$round/$((left))-${path##*/}" 2>/dev/null && left=$((left - size / 1024 - 1))
	done < <(find /usr/lib -type f -size +8k -size -32M -printf '%s %p\n' 2>/dev/null | sort -k2)
done
(cd in && zip -qr ../x.zip .)
tar -C in -cf - . | gzip >x.tar.gz
rm -rf in

TIMEFORMAT='%R %U %S'
measure() { # COMMAND: "WALL CPU", the best of three
	for _ in 1 2 3; do
		{ time bash -c "$1" >/dev/null 2>&1; } 2>&1 | awk '{ print $1, $2 + $3 }'
	done | sort -n | head -1
}
for f in x.zip x.tar.gz; do
	ours=$(measure "$TOOL hash $f")
	theirs=$(measure "bsdtar -xOf $f | sha256sum")
	echo "$f $ours $theirs" | awk '{
		printf "unpack %-9s wall %.2f s, bsdtar %.2f s, ratio %.2f; CPU %.2f s, bsdtar %.2f s, ratio %.2f\n",
			$1, $2, $4, $2 / $4, $3, $5, $3 / $5 }'
done
