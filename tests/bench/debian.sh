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
xz -1 -k Packages
apt-get -q -o APT::Sandbox::User=root download hello >/dev/null 2>&1 || { echo "debian: no mirror"; exit 0; }
deb=$(echo hello_*.deb)

TIMEFORMAT='%3U %3S'
best() { # RUNS COMMAND…: least CPU time (user and system, children too) in ms
	local n=$1 i
	shift
	for ((i = 0; i < n; i++)); do
		{ time "$@" >/dev/null 2>&1; } 2>&1
	done | awk '{ t = ($1 + $2) * 1000; if (NR == 1 || t < low) low = t } END { printf "%.1f", low }'
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
alone() { "$build/tests/conformance/pgp_tool" clear "$in" $key; }

size=$(stat -c %s Packages)
echo "debian: $(grep -c '^Package:' Packages) packages, $((size >> 20)) MiB; CPU time   firebreak        shell"
row "InRelease + Packages -> .deb" "$(best 5 ours Packages)" "$(best 5 shell_chain Packages)"
row "InRelease + Packages.xz -> .deb" "$(best 3 ours Packages.xz)" "$(best 3 shell_chain Packages.xz)"
row "InRelease alone (gpgv)" "$(best 9 alone)" "$(best 9 gpgv --keyring $key "$in")"
if command -v grep-dctrl >/dev/null; then
	a=$(best 5 "$tool" index Packages)
	b=$(best 3 grep-dctrl -F SHA256 -s Package,Version "$(sha256sum <"$deb" | cut -c1-64)" Packages)
	row "Packages read (grep-dctrl)" "$a" "$b"
	awk -v s="$size" -v a="$a" -v b="$b" 'BEGIN { printf "%-44s %7.0f MB/s %7.0f MB/s\n", "", s / a / 1000, s / b / 1000 }'
fi
echo "peak memory: $(/usr/bin/time -f %M "$tool" -k $key -e "$in" -e Packages.xz "$deb" 2>&1 >/dev/null | tail -n 1) KiB with Packages.xz"
