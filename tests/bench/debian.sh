#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# debian.sh [BUILD]: from InRelease down to a .deb, beside gpgv + xz + grep + sha256sum; and Packages read,
# beside grep-dctrl. With the lists that apt has on this machine.
build=$(cd "${1:-$(dirname "$0")/../../build}" && pwd)
tool=$build/tests/conformance/deb_tool
key=/usr/share/keyrings/debian-archive-keyring.gpg
in=$(find /var/lib/apt/lists -name '*_dists_bookworm_InRelease' 2>/dev/null | head -n 1)
pk=$(find /var/lib/apt/lists -name '*_dists_bookworm_main_binary-*_Packages*' 2>/dev/null | head -n 1)
[ -r "$key" ] && [ "$in" ] && [ "$pk" ] || { echo "debian: no apt lists of bookworm here"; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
case $pk in
*.lz4) lz4 -dqc "$pk" >Packages ;;
*) cp "$pk" Packages ;;
esac
xz -6 -k -T0 Packages
apt-get -q -o APT::Sandbox::User=root download hello >/dev/null 2>&1 || { echo "debian: no mirror"; exit 0; }
deb=$(echo hello_*.deb)

best() { # RUNS COMMAND…: shortest wall time in ms
	local n=$1 t0 t1 low=999999999
	shift
	for ((i = 0; i < n; i++)); do
		t0=$(date +%s%N)
		"$@" >/dev/null 2>&1 || { echo "failed: $*" >&2; return; }
		t1=$(date +%s%N)
		[ $((t1 - t0)) -lt $low ] && low=$((t1 - t0))
	done
	awk -v t=$low 'BEGIN { printf "%.1f", t / 1000000 }'
}
shell_chain() { # PACKAGES: what a careful person types
	gpgv --keyring $key --output release "$in" && rm release || return 1
	local unpack=cat
	[ "${1##*.}" = xz ] && unpack='xz -dc'
	grep -q "$(sha256sum <"$1" | cut -c1-64)" "$in" || grep -q "$($unpack "$1" | sha256sum | cut -c1-64)" "$in" || return 1
	$unpack "$1" | grep -q "^SHA256: $(sha256sum <"$deb" | cut -c1-64)"
}
row() { awk -v n="$1" -v a="$2" -v b="$3" 'BEGIN { printf "%-44s %9.1f ms %9.1f ms   %.2f x\n", n, a, b, b / a }'; }
ours() { "$build/firebreak" verify "$deb" --keyring $key --evidence "$in" --evidence "$1"; }
ours Packages >/dev/null 2>&1 || ours() { "$tool" -k $key -e "$in" -e "$1" "$deb"; }

size=$(stat -c %s Packages)
echo "debian: $(grep -c '^Package:' Packages) packages, $((size >> 20)) MiB      firebreak        shell"
row "InRelease + Packages -> .deb" "$(best 5 ours Packages)" "$(best 5 shell_chain Packages)"
row "InRelease + Packages.xz -> .deb" "$(best 3 ours Packages.xz)" "$(best 3 shell_chain Packages.xz)"
row "InRelease alone (gpgv)" "$(best 9 "$tool" -k $key -e "$in" "$in")" "$(best 9 gpgv --keyring $key "$in")" 2>/dev/null
if command -v grep-dctrl >/dev/null; then
	a=$(best 5 "$tool" index Packages)
	b=$(best 3 grep-dctrl -F SHA256 -s Package,Version "$(sha256sum <"$deb" | cut -c1-64)" Packages)
	row "Packages read (grep-dctrl)" "$a" "$b"
	awk -v s="$size" -v a="$a" -v b="$b" 'BEGIN { printf "%-44s %7.0f MB/s %7.0f MB/s\n", "", s / a / 1000, s / b / 1000 }'
fi
echo "peak memory: $(/usr/bin/time -f %M "$tool" -k $key -e "$in" -e Packages.xz "$deb" 2>&1 >/dev/null | tail -n 1) KiB with Packages.xz"
