#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# diff.sh: firebreak diff of two Electron-like packages, beside unpacking both and diff -r.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
fb=${BUILD:-$top/build}/firebreak
mib=${MIB:-400}
tmp=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

python3 "$top/tests/bench/electron_like.py" 1 "$mib"
cp -r 1 2
# A release: two in three programs are rebuilt, some scripts change.
python3 - <<'P'
import os, random
random.seed(2)
for d, _, files in os.walk("2"):
    for f in sorted(files):
        p = os.path.join(d, f)
        if f.endswith((".exe", ".dll", ".node")) and random.random() < 0.67:
            with open(p, "r+b") as x:
                n = os.path.getsize(p)
                for _ in range(max(20, n // 20000)):
                    x.seek(random.randrange(2048, n - 32))
                    x.write(random.randbytes(16))
P
for v in 1 2; do (cd $v && zip -q -6 -r ../$v.zip .); done
echo "two packages of $(du -sm 1 | cut -f1) MB, $(du -m 1.zip | cut -f1) MB as zip; $(nproc) processors, load $(cut -d' ' -f1 /proc/loadavg)"

clock() { # NAME COMMAND...: wall and CPU seconds, the best of three
	local name=$1 best=
	shift
	for _ in 1 2 3; do
		TIMEFORMAT='%R %U %S'
		t=$({ time "$@" >/dev/null 2>&1 || true; } 2>&1)
		if [ -z "$best" ] || awk "BEGIN { exit !(${t%% *} < ${best%% *}) }"; then best=$t; fi
	done
	awk -v n="$name" -v t="$best" 'BEGIN { split(t, x, " ");
		printf "%-44s %6.2f s wall  %6.2f s CPU\n", n, x[1], x[2] + x[3] }'
}
both() {
	rm -rf u1 u2
	mkdir u1 u2
	bsdtar -xf 1.zip -C u1
	bsdtar -xf 2.zip -C u2
	diff -rq u1 u2
}
clock "firebreak diff" "$fb" diff 1.zip 2.zip
clock "firebreak diff of the same" "$fb" diff 1.zip 1.zip
clock "firebreak inspect of one" "$fb" inspect 1.zip
if command -v bsdtar >/dev/null; then clock "bsdtar -x of both, diff -rq" both; fi
