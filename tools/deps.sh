#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# deps.sh: installs what is missing, from Debian and (tests only) npm.
#
#   tools/deps.sh           what building and running needs
#   tools/deps.sh --test    that, and what the tests need; puts test material under .cache/testdeps
#
# Needs root to install. Without root it says what is missing: exit 1 if the build could not work,
# 0 when only tests are affected (they skip and say so).
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
deps=${TESTDEPS:-$top/.cache/testdeps}

build='gcc make meson ninja-build pkg-config libssl-dev libsqlite3-dev libyaml-dev
	libseccomp-dev libcurl4-openssl-dev libarchive-dev zlib1g-dev libbz2-dev liblzma-dev libdeflate-dev libisal-dev libtsk-dev libyara-dev libexpat1-dev linux-libc-dev scdoc'
test='perl clang-19 libclang-rt-19-dev llvm-19 libjansson-dev liblmdb-dev openssl sqlite3 osslsigncode python3
	dpkg-dev debhelper in-toto minisign signify-openbsd openssh-client gpgv gnupg sqv debian-archive-keyring dctrl-tools apt-utils xz-utils lz4 cpio 7zip rpm rpm2cpio libarchive-tools zip unzip
	yara nftables bind9-utils unbound dnsdist knot-dnsutils debsums sleuthkit mtools dosfstools e2fsprogs ntfs-3g genisoimage
	msitools wixl cabextract gcab lld-19 xorriso dmg2img umoci pev python3-pefile tcpdump tshark ngtcp2-client ngtcp2-server iproute2 tcpreplay bind9-dnsutils curl procps util-linux bash-completion man-db python3-scapy'
# Unpacked, not installed: signed EFI programs as real input.
signed='shim-signed grub-efi-amd64-signed fwupd-amd64-signed'

missing() {
	for p in "$@"; do
		case $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) in
		installed) ;;
		*) echo "$p" ;;
		esac
	done
}

install() {
	[ $# -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		echo "deps.sh: not root; missing packages: $*" >&2
		return 1
	fi
	echo "deps.sh: installing $*"
	[ -n "${updated:-}" ] || apt-get -q update >/dev/null
	updated=1
	log=$(mktemp)
	# Servers that the tests run are not to be started by the system.
	policy=/usr/sbin/policy-rc.d
	if [ ! -e $policy ]; then
		trap 'rm -f $policy' EXIT
		trap 'exit 1' INT TERM
		printf '#!/bin/sh\nexit 101\n' >$policy
		chmod 755 $policy
	fi
	rc=0
	DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends "$@" >"$log" 2>&1 || rc=1
	[ $rc -eq 0 ] || cat "$log" >&2
	rm -f "$log"
	return $rc
}

# shellcheck disable=SC2046,SC2086 # lists of package names
install $(missing $build)
[ "${1:-}" = --test ] || exit 0

# shellcheck disable=SC2046,SC2086
install $(missing $test) || true
command -v node >/dev/null && command -v npm >/dev/null || install nodejs npm || true

mkdir -p "$deps/deb" "$deps/npm"
for p in $signed; do
	[ -d "$deps/deb/$p" ] && continue
	tmp=$(mktemp -d)
	(
		cd "$tmp"
		chmod 755 .
		apt-get -q download "$p" >/dev/null 2>&1 && dpkg-deb -x ./"$p"_*.deb "$deps/deb/$p"
	) || echo "deps.sh: no $p; the tests that need it will skip" >&2
	rm -rf "$tmp"
done

if command -v npm >/dev/null && ! cmp -s "$top/tools/testdeps/package-lock.json" "$deps/npm/package-lock.json"; then
	cp "$top/tools/testdeps/package.json" "$top/tools/testdeps/package-lock.json" "$deps/npm/"
	# --force: some are for macOS only, and are here to be taken apart, not run
	(cd "$deps/npm" && npm ci --force --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) || {
		rm -f "$deps/npm/package-lock.json"
		echo "deps.sh: npm packages could not be installed; the tests that need them will skip" >&2
	}
fi

# Two honest releases of the same packages: what diff stays quiet on.
mkdir -p "$deps/pairs"
for p in electron-winstaller@5.3.1 electron-winstaller@5.4.0 electron-winstaller@5.4.4 @electron/asar@3.2.10 \
	@electron/asar@3.4.1 @esbuild/linux-x64@0.28.1 @esbuild/linux-x64@0.28.2 @esbuild/win32-x64@0.28.1 \
	@esbuild/win32-x64@0.28.2 @esbuild/darwin-arm64@0.28.1 @esbuild/darwin-arm64@0.28.2; do
	file=$(echo "$p" | sed 's/^@//; s/[@/]/-/g').tgz
	[ -f "$deps/pairs/$file" ] || (cd "$deps/pairs" && npm pack --ignore-scripts "$p" >/dev/null 2>&1) ||
		echo "deps.sh: no $p; the tests that need it will skip" >&2
done
# A library that Electron ships, from somebody else who ships the same bytes.
[ -f "$deps/pairs/gl-6.0.2.tgz" ] || (cd "$deps/pairs" && npm pack --ignore-scripts gl@6.0.2 >/dev/null 2>&1) ||
	echo "deps.sh: no gl@6.0.2; the tests that need it will skip" >&2
for p in 7zip curl libssl3; do
	set -- "$deps/pairs/$p"_*.deb
	[ $# -ge 2 ] && continue
	for v in $(apt-cache madison "$p" | awk '{ print $3 }' | sort -uV | tail -n 2); do
		(cd "$deps/pairs" && apt-get -q download "$p=$v" >/dev/null 2>&1) ||
			echo "deps.sh: no $p $v; the tests that need it will skip" >&2
	done
done
