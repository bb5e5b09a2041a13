#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# authenticode: CPU time of verifying one signed PE file with its chain and time stamp, as a process:
# firebreak against osslsigncode, on files of several sizes signed here. Prints, never fails.
# Usage: authenticode.sh [RUNS]

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$TOP/build}
FIREBREAK=${FIREBREAK:-$BUILD/firebreak}
TESTDEPS=${TESTDEPS:-$TOP/.cache/testdeps}
RUNS=${1:-40}
TIMEFORMAT='%U %S'
command -v osslsigncode >/dev/null || { echo "no osslsigncode: nothing to compare with"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
. "$TOP/tests/support/codesign.sh"

# shellcheck disable=SC2086
{
	issue root - rsa:2048 20190101 20490101 $CA
	issue signer root rsa:2048 20200101 20470101 $CODE
	issue tsa root rsa:2048 20190101 20480101 $STAMP
}
cp signer.crt signer.pem
cp tsa.crt tsa.pem

# Milliseconds of user + system time for one run, mean of RUNS.
cpu() {
	local t
	"$@" >/dev/null 2>&1
	t=$({ time for ((i = 0; i < RUNS; i++)); do "$@" >/dev/null 2>&1; done; } 2>&1)
	awk -v n="$RUNS" '{ printf "%.2f", ($1 + $2) * 1000 / n }' <<<"$t"
}

printf 'CPU ms a process over %s runs, chain and time stamp verified\n' "$RUNS"
printf '%-28s %10s %12s %12s %8s\n' file bytes firebreak osslsigncode ratio
"$BUILD/tests/conformance/ac_tool" make tiny.exe
# shellcheck disable=SC2086
for f in tiny.exe "$TESTDEPS/npm/node_modules/electron-winstaller/vendor/rcedit.exe" \
	"$TESTDEPS/npm/node_modules/electron-winstaller/vendor/nuget.exe"; do
	[ -f "$f" ] || continue
	for ph in "" -ph; do
		IN=$f ac_sign x.exe signer $ph $(stamped_by tsa 1600000000)
		[ -s x.exe ] || continue
		ours=$(cpu "$FIREBREAK" verify --require anatomy --authenticode-roots root.crt x.exe)
		theirs=$(cpu osslsigncode verify -CAfile root.crt -TSA-CAfile root.crt -in x.exe)
		awk -v n="$(basename "$f")${ph:+ (page hashes)}" -v s="$(stat -c %s x.exe)" -v a="$ours" -v b="$theirs" \
			'BEGIN { printf "%-28s %10d %12.2f %12.2f %8.2f\n", n, s, a, b, b / a }'
	done
done
