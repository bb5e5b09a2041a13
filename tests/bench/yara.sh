#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# yara.sh BUILD [TREE [RULES]]: firebreak hunt with YARA rules against yara itself: CPU seconds over the
# same tree with the same rules, and that they tell the same. TREE: /usr/bin, /usr/lib/python3 and
# /usr/share; RULES: so many are made by yara_rules.py (5800), or a file of rules.
set -u
build=${1:?build folder}
here=$(dirname "$0")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tree=(/usr/bin /usr/lib/python3 /usr/share)
[ $# -ge 2 ] && tree=("$2")
rules=${3:-5800}
command -v yara >/dev/null || { echo "yara is not installed: nothing to compare with"; exit 0; }

[ -f "$rules" ] || { python3 "$here/yara_rules.py" "$rules" >"$tmp/made.yar"; rules=$tmp/made.yar; }
mkdir "$tmp/empty"
: >"$tmp/empty/file"
printf 'sha256,%064d\n' 7 >"$tmp/none.csv"
sed -i '1i type,value' "$tmp/none.csv"

# cpu COMMAND...: user and system seconds of it and what it waited for
cpu() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >"$tmp/out" 2>"$tmp/err"; } 2>"$tmp/time"
	awk '{ print $1 + $2 }' "$tmp/time"
}
hunt() { "$build/firebreak" hunt --no-record --state "$tmp/state" --indicators "$tmp/none.csv" --json "$@"; }
peer() { local t; for t in "${tree[@]}"; do yara -N -w -r "$rules" "$t"; done; }

"$build/firebreak" ledger init --state "$tmp/state" >/dev/null 2>&1
hunt "${tree[@]}" >/dev/null 2>&1 # the page cache is warm for all
files=$(find "${tree[@]}" -xdev -type f | wc -l)
bytes=$(find "${tree[@]}" -xdev -type f -printf '%s\n' | awk '{ s += $1 } END { printf "%.2f", s / 1e9 }')
plain=$(cpu hunt "${tree[@]}")
start_peer=$(cpu yara -N -w -r "$rules" "$tmp/empty")
start_ours=$(cpu hunt --yara "$rules" "$tmp/empty")
ours=$(cpu hunt --yara "$rules" "${tree[@]}")
python3 - "$tmp/out" >"$tmp/got" <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
print("\n".join(sorted(x["matched"] + " " + x["path"] for x in d["hits"] if x["kind"] == "rule")))
EOF
theirs=$(cpu peer)
sort "$tmp/out" >"$tmp/want"

echo "YARA: $(grep -c '^rule' "$rules") rules over $files files, $bytes GB"
awk -v p="$plain" -v o="$ours" -v t="$theirs" -v so="$start_ours" -v sp="$start_peer" 'BEGIN {
	printf "  %-52s %8.2f CPU-s\n", "hunt by SHA-256 alone", p
	printf "  %-52s %8.2f CPU-s (%.2f of them to compile)\n", "hunt by SHA-256 and the rules", o, so
	printf "  %-52s %8.2f CPU-s (%.2f of them to compile)\n", "yara 4.2 -r", t, sp
	printf "  ratio, the whole hunt: %.1f; the rules alone: %.1f (to reach: 3)\n", t / o, t / (o - p)
}'
if cmp -s <(sed '/^$/d' "$tmp/got") "$tmp/want"; then
	echo "  verdicts: the same $(wc -l <"$tmp/want") matches"
else
	echo "  verdicts DIFFER: $(diff "$tmp/got" "$tmp/want" | grep -c '^[<>]') lines (hunts take each hard link once)"
fi
