#!/bin/bash
# firebreak intel: formats, rejects, all or nothing, updates, replacing, expiry, and bad input that
# leaves the state as it was.
. "$(dirname "$0")/../support/tap.sh"

S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
# What the state holds, and how long its ledger is.
state() { fb intel list --limit 0 --json | sha256sum; fb ledger show --limit 0 --json | sha256sum; }
json() { printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }

cd "$TMP" || exit 1

run 6 "list without a state" fb intel list
like "$err" 'state' "says that there is none"

# --- the shipped case ---
run 0 "the shipped case imports" fb intel import "$TOP/share/cases/3cx-2023/indicators.csv" --json
is "$(json 'd["files"][0]["rejected"]')" 0 "nothing of it is rejected"
rows=$(($(wc -l <"$TOP/share/cases/3cx-2023/indicators.csv") - 1))
is "$(json 'd["files"][0]["records"]')" "$rows" "every row is read"
claims=$(awk -F, 'NR > 1 { n += split($4, a, "|") } END { print n }' \
	"$TOP/share/cases/3cx-2023/indicators.csv")
is "$(json 'd["files"][0]["added"]')" "$claims" "one claim for each source of each row"
fb intel list --limit 0 --json | python3 -c '
import json,sys,csv
have={(i["type"],i["value"]) for i in json.load(sys.stdin)["indicators"]}
want={(r["type"],r["value"]) for r in csv.DictReader(open(sys.argv[1]))}
print(len(have ^ want))' "$TOP/share/cases/3cx-2023/indicators.csv" >diff.txt
is "$(cat diff.txt)" 0 "its values are written as they are kept"
run 0 "again" fb intel import "$TOP/share/cases/3cx-2023/indicators.csv" --json
is "$(json 'd["files"][0]["added"]') $(json 'd["files"][0]["updated"]')" "0 $claims" \
	"updates, and adds nothing"
run 0 "the ledger has both imports" fb ledger show --kind intel.import --limit 0
is "$(printf '%s\n' "$out" | grep -c 'intel.import')" 2 "one entry each"
like "$out" 'indicators.csv' "with the file's name"
sum=$(sha256sum "$TOP/share/cases/3cx-2023/indicators.csv" | cut -d' ' -f1)
like "$(fb ledger show 0 --json)" "$sum" "and its digest"
for bad in acharryblogs.com philip.je od.lk raw.githubusercontent.com www.3cx.com; do
	run 0 "$bad is not an indicator" fb intel show "$bad"
done
run 1 "a sub-domain of one is" fb intel show 'www.akamaicontainer[.]com'
like "$out" 'akamaicontainer.com, matches as a parent' "through its parent"
like "$out" 'volexity: confidence 95' "with who says so"
like "$out" 'from indicators.csv' "and where it came from"
run 0 "a longer word with the same end is not" fb intel show notakamaicontainer.com
run 3 "what is no value" fb intel show 'a b'
like "$err" 'labels hold letters' "says why"

# --- lists and tables ---
rm -rf "$S"
printf '# feed\nevil.example\n198.51.100.7:443 # c2\n0.0.0.0 ads.example\n/just/a/path\nmünchen.example\n' >list.txt
run 0 "a plain list" fb intel import list.txt --format list --source feed --category c2 --confidence 70 --campaign x
like "$out" '4 added, 0 updated, 1 rejected \(list' "counts"
like "$out" 'list.txt:5: a (URL )?path without a host: /just/a/path' "names line and reason"
like "$(fb intel list)" '^domain +xn--mnchen-3ya.example ' "an international name in its A-label form"
like "$(fb intel list)" '^ip-port +198.51.100.7:443  feed  70  c2  x' "a port stays with its address"
like "$(fb intel list)" '^domain +ads.example ' "a hosts line names a domain"
before=$(state)
run 5 "--strict refuses a file with rejects" fb intel import list.txt --strict
is "$(state)" "$before" "and changes nothing"

printf 'value,source,valid_from,valid_until\nevil.example,feed,2001-01-01,2001-02-01\n' >liar.csv
run 3 "--sole-source needs a source" fb intel import liar.csv --sole-source
run 0 "a file that ends another's claim" fb intel import liar.csv --sole-source --source liar
run 1 "cannot, when it speaks for itself only" fb intel show evil.example --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["sources"], d["verdict"], d["claimed"])')" \
	"['feed', 'liar'] match 70" "the claim is in force"

printf '198.51.100.9\t3\n198.51.100.10\t2\n' >tab.txt
run 0 "a table without a header" fb intel import tab.txt --format csv --delimiter tab --no-header \
	--map value=1 --source ipsum
like "$out" '2 added' "by column number"
printf 'ioc;kind;who\nevil2.example;domain;me\n' >semi.csv
run 0 "columns by name" fb intel import semi.csv --delimiter ';' --map value=ioc --map type=kind
like "$out" 'columns not read: who' "says what it did not read"

# --- replacing a source ---
run 0 "--replace removes what is gone" fb intel import tab.txt --format csv --delimiter tab \
	--no-header --map value=1 --source feed --replace --shrink
like "$out" '2 added, 0 updated, 4 removed' "and counts it"
is "$(fb intel list --source ipsum | wc -l)" 2 "the other source stays"
seq 1 20 | sed 's/.*/198.51.101.&/' >big.txt
printf '198.51.101.1\n' >small.txt
run 0 "a feed of 20" fb intel import big.txt --source grow
before=$(state)
run 6 "--replace with 1 is refused" fb intel import small.txt --source grow --replace
like "$err" 'would be removed' "says so"
is "$(state)" "$before" "and changes nothing"
run 0 "--shrink says that it is meant" fb intel import small.txt --source grow --replace --shrink
is "$(fb intel list --source grow | wc -l)" 1 "now it is one"

# --- validity ---
printf 'value,valid_from\nlater.example.net,2200-01-01\n' >later.csv
run 0 "a claim that begins later" "$FIREBREAK" intel import later.csv --state "$TMP/later"
run 1 "  is told" "$FIREBREAK" intel show later.example.net --json --state "$TMP/later"
like "$out" '"begun":false,.*"block":false' "  and blocks nothing yet"
run 1 "  in words, too" "$FIREBREAK" intel show later.example.net --state "$TMP/later"
like "$out" 'no claim has begun yet' "  at the end"
printf 'value,valid_from,valid_until\nold.example,2020-01-01,2021-01-01\nnow.example,2020-01-01,\n' >v.csv
run 0 "validity" fb intel import v.csv --source v
is "$(fb intel list --source v --in-force | grep -c .)" 1 "one is in force"
like "$(fb intel list --source v --expired)" 'old.example' "one is not"
is "$(fb intel list --source v --in-force --clock 2020-06-01T00:00:00Z | grep -c .)" 2 "both were in 2020"
like "$(fb intel list --sources)" ' 2  domain +v$' "claims are counted by source"

# --- all or nothing over several files ---
before=$(state)
printf 'type,value\n"broken' >broken.csv
run 5 "one file of two is broken" fb intel import big.txt broken.csv --source both
like "$err" 'broken.csv:2: quotes that do not end' "names file and line"
is "$(state)" "$before" "nothing of the other is kept"

# --- bad input: exit 5, one line, state unchanged ---
bundle='{"type":"bundle","id":"bundle--1","objects":[{"type":"indicator","spec_version":"2.1","id":"indicator--1","pattern_type":"stix","valid_from":"2020-01-01T00:00:00Z","pattern":"[domain-name:value = '"'bad.example'"']"}]}'
printf '%s' "$bundle" >good.json
printf '%s' "${bundle%???}" >truncated.json
printf '%s' "$bundle" | sed 's/"id":"indicator--1"/&,&/' >duplicate.json
python3 -c 'print("{\"type\":\"bundle\",\"objects\":" + "[" * 100000)' >nested.json
printf '%s' "$bundle" | sed 's/bad.example/b\xffd.example/' >utf8.json
printf '%s trailing' "$bundle" >trailing.json
printf '{"type":"campaign","id":"campaign--1"}' >campaign.json
printf '[1]' >array.json
head -c 65536 /dev/urandom >random.bin
printf '\0\0\n' >nul.txt
printf 'type,value\na,b,c\n' >fields.csv
printf 'type,value\ndomain,\xff\xfe\n' >utf8.csv
printf 'type,value\ncolour,a\ncolour,b\n' >nothing.csv
truncate -s 300M oversized.txt
mkdir directory
before=$(state)
for f in truncated.json duplicate.json nested.json utf8.json trailing.json campaign.json array.json \
	random.bin nul.txt fields.csv utf8.csv nothing.csv oversized.txt directory missing; do
	run 5 "$f" fb intel import "$f"
	like "$err" "$f" "$f: the error names it"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$f: in one line"
done
is "$(state)" "$before" "after all of that the state is as it was"
run 0 "the good bundle" fb intel import good.json
like "$out" '1 added' "imports"
run 3 "an unknown format" fb intel import good.json --format xml
run 3 "an unknown field" fb intel import good.json --map colour=1
run 3 "no files" fb intel import

# --- a file's name is a source only as far as it is a text ---
printf 'named.example.net\n' >"$(printf '\001one\377')"
run 0 "a name with control bytes" fb intel import "$(printf '\001one\377')"
run 1 "is a source" fb intel show named.example.net --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["sources"])')" \
	"['\\\\x01one\\\\xff']" "with them escaped"

# --- a state that cannot be written ---
if [ "$(id -u)" -ne 0 ]; then
	chmod -R a-w "$S"
	run 4 "a read-only state" fb intel import good.json
	like "$err" 'cannot|Permission|read-only' "says so"
	chmod -R u+w "$S"
else
	skip "a read-only state" "root writes everywhere"
fi
tap_done
