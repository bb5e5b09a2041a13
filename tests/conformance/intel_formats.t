#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Real files of intelligence, against counts and values that other tools find in them.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/conformance/intel_tool
intel=$SHARED/intel
[ -n "$SHARED" ] && [ -d "$intel" ] || skip_all "no ../shared/data/intel"
[ -x "$TOOL" ] || skip_all "intel_tool is not built"

field() { awk -F '\t' -v n="$1" '/^=/ { print $n }' "$TMP/got"; } # of the last line of counts

# maltrail: every line is a trail; what form it has is told by awk
f=$intel/maltrail-trails.txt
[ -n "${SANITIZED:-}" ] && { awk 'NR % 20 == 0 || /^ / || /[\\^(]/' "$f" >"$TMP/trails"; f=$TMP/trails; }
"$TOOL" -f maltrail "$f" >"$TMP/got" 2>&1
is "$(field 2)" 0 "maltrail is read"
is "$(field 4)" "$(wc -l <"$f")" "every trail is a record"
awk -f "$TOP/tests/conformance/intel_trails.awk" "$f" | sort >"$TMP/want"
awk -F '\t' '/^!bad/ { n["bad"]++; next } /^!unmatched/ { n[$2]++; next } !/^=/ && $1 != "pattern" { n[$1]++ }
	END { for (k in n) print k "\t" n[k] }' "$TMP/got" | sort >"$TMP/have"
is "$(cat "$TMP/have")" "$(cat "$TMP/want")" "trails of each form, as awk tells them apart"

# ipsum: each address with what its number of lists makes of it
"$TOOL" "$intel/ipsum.txt" >"$TMP/got" 2>&1
is "$(field 3)" ipsum "ipsum is recognised"
awk '!/^#/ { n[$2]++ } END { for (k in n) printf "%d %d\n", 100 * (1 - 0.75 ^ k) + 0.5, n[k] }' "$intel/ipsum.txt" |
	sort >"$TMP/want"
awk -F '\t' '/^ipv4/ { n[$3]++ } END { for (k in n) print k, n[k] }' "$TMP/got" | sort >"$TMP/have"
cmp "$TMP/want" "$TMP/have" >"$TMP/cmp"
ok $? "$(field 5) addresses, as sure as the number of their lists"
awk -F '\t' '/^ipv4/ { print $2 }' "$TMP/got" | cmp - <(awk '!/^#/ { print $1 }' "$intel/ipsum.txt") >"$TMP/cmp"
ok $? "each of them in its place"

# MISP: 30 events, one of which is no JSON
set --
for e in "$intel"/misp-events/*.json; do
	name=$(basename "$e")
	"$TOOL" "$e" >"$TMP/$name" 2>"$TMP/err"
	if [ "$name" = pypi_backdoor_malicious_pypi_packages.misp-event.json ]; then
		like "$(cat "$TMP/err")" ': offset 1532403: not valid JSON here$' "$name: refused, with the place"
		is "$(grep -c . "$TMP/$name")" 1 "$name: and nothing is given"
	else
		set -- "$@" "$e" "$TMP/$name"
	fi
done
is $# 58 "29 other events"
while read -r word what; do
	[ "$word" = ok ]
	ok $? "$what"
done < <(python3 "$TOP/tests/conformance/intel_misp.py" "$@" 2>&1)
"$TOOL" "$intel/misp-events/nukesped_lazarus_lazarus_3cx.json" >"$TMP/got"
grep -q "^domain.od\.lk" "$TMP/got"
is $? 1 "the file host of the 3CX event is not for detection"
is "$(grep -c '^url.https://od\.lk/d/NTJfMzg4MDE1NzJf/vxmedia' "$TMP/got")" 1 "but the one URL on it"

# STIX: comparisons in patterns without AND and MATCHES, counted by their text
for s in apt1 poisonivy indicator-for-c2-ip-address indicator-to-campaign-relationship \
	indicators-for-C2-with-COA malicious-email-indicator-with-attachment; do
	"$TOOL" "$intel/stix/$s.json" >"$TMP/got"
	want=$(grep -o '"pattern": "[^"]*' "$intel/stix/$s.json" | grep -v ' AND \| MATCHES ' | grep -o " = '" | wc -l)
	whole=$(grep -o '"pattern": "[^"]*' "$intel/stix/$s.json" | grep -c ' MATCHES ')
	serials=$(grep -o '"pattern": "[^"]*' "$intel/stix/$s.json" | grep -c 'issuer = .* AND .*serial')
	is "$(($(grep -c '^[a-z0-9]' "$TMP/got") + $(grep -c '^!bad' "$TMP/got")))" $((want + whole + serials)) \
		"STIX $s: $want values, $serials serial numbers, $whole patterns kept"
	is "$(grep -c '^!unmatched' "$TMP/got")" "$whole" "STIX $s: what is kept is told"
done
is "$("$TOOL" -c "$intel/stix/infrastructure.json" | cut -f 4,5,9)" $'0\t0\t10' "STIX observables are no indicators"

# warninglists: every entry of each is given or rejected
"$TOOL" -c "$intel"/warninglists/*/list.json >"$TMP/got" 2>"$TMP/err"
is "$(wc -l <"$TMP/err")" 0 "every warninglist is read"
is "$(field 3 | sort -u)" warninglist "and recognised"
field 4 >"$TMP/have"
for w in "$intel"/warninglists/*/list.json; do echo "$w"; done | python3 -c '
import json, sys
for p in sys.stdin: print(len(json.load(open(p.strip()))["list"]))' >"$TMP/want"
cmp "$TMP/want" "$TMP/have" >"$TMP/cmp"
ok $? "the entries of $(wc -l <"$TMP/want") warninglists"

# the public 3CX set, with its mistakes: reading loses none of them
c=$SHARED/cases/3cx-2023/indicators.csv
"$TOOL" "$c" >"$TMP/got"
is "$(grep -vc '^[=!]' "$TMP/got")" "$(python3 -c '
import csv, sys
print(sum(len(r["sources"].split("|")) for r in csv.DictReader(open(sys.argv[1], encoding="utf-8"))))' "$c")" \
	"3CX: a claim for each source of each row"
is "$(field 6)" 0 "3CX: no row is rejected"
for v in $'domain\tacharryblogs.com' $'url\traw.githubusercontent.com/iconstorages' ; do
	like "$(cat "$TMP/got")" "^$v" "3CX: ${v/$'\t'/ }"
done
grep -q $'^domain\traw.githubusercontent.com' "$TMP/got"
is $? 1 "3CX: one path of a host does not become the host"
awk -F '\t' '!/^[=!]/ && $1 ~ /^(md5|sha1|sha256)$/ && $2 ~ /[A-Z]/' "$TMP/got" >"$TMP/upper"
is "$(wc -l <"$TMP/upper")" 0 "3CX: digests in one spelling"

# size: memory does not follow the file
size=32
[ -z "${SANITIZED:-}" ] || size=4
python3 - "$TMP" "$size" <<'P'
import sys
out, n = sys.argv[1], int(sys.argv[2]) << 20
with open(out + "/line.txt", "wb") as f:
    f.write(b"a.example\n" + b"a" * n + b"\nb.example\n")
one = b'{"type":"domain","to_ids":true,"category":"Network activity","value":"a.example"},\n'
with open(out + "/event.json", "wb") as f:
    f.write(b'{"Event":{"Attribute":[' + one * (n // len(one)) + one[:-2] + b'],"info":"i"}}')
one = (b'{"type":"indicator","id":"indicator--1","valid_from":"2023-03-30T00:00:00Z",'
       b'"pattern":"[domain-name:value = \'a.example\']"},\n')
with open(out + "/bundle.json", "wb") as f:
    f.write(b'{"type":"bundle","id":"bundle--1","objects":[' + one * (n // len(one)) + one[:-2] + b"]}")
with open(out + "/bomb.json", "wb") as f:
    f.write(b'{"Event":' * 100000)
with open(out + "/quote.csv", "wb") as f:
    f.write(b"type,value\n\ndomain,\"a.example\n" + b"x,y\n" * (n // 4))
P
[ -n "${SANITIZED:-}" ] || ulimit -v $((size * 1024 + 65536))
is "$("$TOOL" "$TMP/line.txt" | grep -v '^=')" "$(printf 'domain\ta.example\t50\tline.txt\t1\n!bad\ta line is longer than 65536 bytes\t2\ndomain\tb.example\t50\tline.txt\t3')" \
	"a line of $size MiB is one reject"
for e in event bundle; do
	"$TOOL" -c "$TMP/$e.json" >"$TMP/got" 2>"$TMP/err"
	is "$(field 2)" 0 "$e of $size MiB in $((size + 64)) MiB of address space: $(field 5) indicators"
done
"$TOOL" "$TMP/bomb.json" >"$TMP/got" 2>"$TMP/err"
like "$(cat "$TMP/err")" 'nested too deeply$' "a JSON bomb"
"$TOOL" "$TMP/quote.csv" >"$TMP/got" 2>"$TMP/err"
like "$(cat "$TMP/err")" ':3: quotes that do not end before the text does$' "a quote that never ends, by where it began"
tap_done
