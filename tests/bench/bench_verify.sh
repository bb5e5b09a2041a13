#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bench_verify: CPU time of one verification as a process, firebreak against osslsigncode, on the
# same signed file; and the rate on one large file. Prints, never fails. Usage: bench_verify.sh [RUNS]

TOP=$(cd "$(dirname "$0")/../.." && pwd)
FIREBREAK=${FIREBREAK:-${BUILD:-$TOP/build}/firebreak}
TESTDEPS=${TESTDEPS:-$TOP/.cache/testdeps}
RUNS=${1:-100}
TIMEFORMAT='%U %S'
f=$TESTDEPS/npm/node_modules/electron-winstaller/vendor/signtool.exe
[ -f "$f" ] || { echo "no signtool.exe in $TESTDEPS"; exit 0; }

# Milliseconds of user + system time for one run, mean of RUNS.
cpu() {
	local t
	"$@" >/dev/null 2>&1
	t=$({ time for ((i = 0; i < RUNS; i++)); do "$@" >/dev/null 2>&1; done; } 2>&1)
	awk -v n="$RUNS" '{ printf "%.2f", ($1 + $2) * 1000 / n }' <<<"$t"
}

start=$(cpu /bin/true)
ours=$(cpu "$FIREBREAK" verify --policy "$TOP/share/policies/anatomy.yaml" "$f")
echo "signtool.exe, $(stat -c %s "$f") bytes, CPU ms a process over $RUNS runs:"
echo "  /bin/true           $start"
echo "  firebreak verify    $ours"
if command -v osslsigncode >/dev/null; then
	theirs=$(cpu osslsigncode verify -in "$f")
	echo "  osslsigncode verify $theirs"
	awk -v a="$theirs" -v b="$ours" 'BEGIN { printf "  ratio               %.2f\n", a / b }'
fi
RUNS=1
big=$(mktemp)
trap 'rm -f "$big"' EXIT
truncate -s 1G "$big"
ms=$(cpu "$FIREBREAK" verify "$big")
awk -v ms="$ms" 'BEGIN { printf "1 GiB: SHA-1, SHA-256, SHA-512 in one pass: %.0f MB per CPU second\n",
	1073741824 / ms / 1000 }'
