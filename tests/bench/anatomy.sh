#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# anatomy: what taking apart costs. A package shaped like an Electron app, zipped: CPU of inspecting it
# against that of unpacking it with bsdtar, the best of RUNS; then the benches of its parts, those that
# are there. Prints, never fails. Usage: anatomy.sh [BUILD] [MIB] [RUNS]

TOP=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=$(cd "${1:-$TOP/build}" && pwd) || exit 1
export BUILD
MIB=${2:-400} RUNS=${3:-3}
FIREBREAK=$BUILD/firebreak
TIMEFORMAT='%U %S'
dir=$(mktemp -d -p "${TMPDIR:-/var/tmp}")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# The least user + system seconds of RUNS runs.
cpu() {
	for ((i = 0; i < RUNS; i++)); do
		{ time "$@" >/dev/null 2>&1; } 2>&1
	done | awk '{ t = $1 + $2; if (NR == 1 || t < best) best = t } END { printf "%.2f", best }'
}
unpack() {
	rm -rf out && mkdir out && bsdtar -x -f app.zip -C out
}

if command -v bsdtar >/dev/null && command -v zip >/dev/null && command -v openssl >/dev/null; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 30 -subj "/CN=Bench" \
		-addext extendedKeyUsage=codeSigning 2>/dev/null
	command -v osslsigncode >/dev/null && signer="cert.pem key.pem"
	# shellcheck disable=SC2086
	python3 "$TOP/tests/bench/electron_like.py" app "$MIB" $signer
	(cd app && zip -qr ../app.zip .)
	mib=$(du -sm app | cut -f1)
	rm -rf app
	printf 'a package of %s MiB, zipped, CPU seconds\n' "$mib"
	a=$(cpu unpack)
	b=$(cpu "$FIREBREAK" inspect app.zip)
	/usr/bin/time -q -f %M -o rss "$FIREBREAK" inspect app.zip >/dev/null 2>&1
	printf '  %-34s %6s\n' "bsdtar -x" "$a" "firebreak inspect" "$b"
	awk -v a="$a" -v b="$b" 'BEGIN { printf "  %-34s %6.2f\n", "ratio", b / a }'
	printf '  %-34s %6s KiB\n' "most memory of one process" "$(cat rss)"
	rm -rf app.zip out
else
	echo "no bsdtar, zip or openssl: inspect is not compared"
fi
for part in unpack authenticode binary diff; do
	[ -x "$TOP/tests/bench/$part.sh" ] || continue
	echo
	"$TOP/tests/bench/$part.sh"
done
