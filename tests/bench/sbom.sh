#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# sbom.sh [BUILD]: an SBOM of 50,000 files read beside jansson, and compared; then the C headers of this
# machine as .tar.gz and .zip, each file unpacked and hashed, beside what a person would type: unpack to a
# folder, then sha256sum of every file. CPU time, least of 3.
build=$(cd "${1:-$(dirname "$0")/../../build}" && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp" || exit 1
"$build/tests/bench/bench_sbom"

TIMEFORMAT='%3U %3S'
best() { # COMMAND…: least CPU time (user and system, children too) in ms; nothing if it fails
	local i t
	for i in 1 2 3; do
		t=$({ time "$@" >/dev/null 2>err; } 2>&1) || return
		echo "$t"
	done | awk '{ t = ($1 + $2) * 1000; if (NR == 1 || t < low) low = t } END { if (NR == 3) printf "%.0f", low }'
}
ours() { "$build/tests/bench/bench_sbom" "$1"; }
tar_way() { rm -rf out && mkdir out && tar xzf "$1" -C out && find out -type f -exec sha256sum {} +; }
zip_way() { rm -rf out && unzip -q "$1" -d out && find out -type f -exec sha256sum {} +; }
row() { # NAME ARCHIVE WAY
	local a b
	a=$(best ours "$2")
	b=$(best "$3" "$2")
	awk -v n="$1" -v a="$a" -v b="$b" 'BEGIN {
		if (a == "" || b == "") printf "%-32s not measured\n", n
		else printf "%-32s %6.0f ms %6.0f ms   %.2f x\n", n, a, b, b / a }'
}

tar czf t.tgz -C /usr include
echo "$(find /usr/include -type f | wc -l) files, $(du -sm /usr/include | cut -f1) MiB; CPU time      firebreak      shell"
row ".tar.gz (tar, sha256sum)" t.tgz tar_way
python3 - <<'PY' 2>/dev/null && command -v unzip >/dev/null && row ".zip (unzip, sha256sum)" t.zip zip_way
import os, zipfile
with zipfile.ZipFile('t.zip', 'w', zipfile.ZIP_DEFLATED, strict_timestamps=False) as z:
    for top, _, names in os.walk('/usr/include'):
        for n in names:
            p = os.path.join(top, n)
            if os.path.isfile(p) and not os.path.islink(p):
                z.write(p)
PY
exit 0
