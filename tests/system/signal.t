#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# signal report|list: which case a signal joins, what it freezes, and bad input. About 10 seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/case.sh"
cd "$TMP" || exit 1
echo "edr log" >edr.txt

# ---- opening and joining

run 0 "a first report opens a case" report 22 acme $D1 --evidence edr.txt --seen 2023-03-22T09:00:00Z
like "$out" "case 2023-0001 opened: high, for incident-response" "says which, how bad, for whom"
like "$out" "question: Is this software" "asks the triage question"
like "$out" "next: open-case, scope, contain" "says what is next"
blob=$(sha256sum edr.txt | cut -d' ' -f1)
cmp -s edr.txt "state/blobs/sha256/${blob:0:2}/$blob"
ok $? "the evidence is in the store by its digest"
run 0 "the same reporter again" report 22 ACME $D1
like "$out" "2023-0001 knew this already from the same reporter" "is not a second report"
run 0 "--json" report 22 " acme " $D1 --json
is "$(sig case case_outcome freeze reporters)" $'2023-0001\nrepeated\nnot-called-for\n1' \
	"white space and case do not make another reporter"
run 0 "another digest" report 22 acme $D2 --json
is "$(sig case case_outcome)" $'2023-0002\nopened' "opens a case of its own"
run 0 "an observable with a channel" at 22 signal report --kind downstream-impact --reporter acme \
	--observable 'domain=MSStorageBoxes[.]com.' --channel stable --summary dns --json
is "$(sig case case_outcome)" $'2023-0003\nopened' "opens a case"
run 0 "the same observable, spelled otherwise, same channel" at 22 signal report --reporter acme \
	--kind downstream-impact --observable domain=msstorageboxes.com --channel stable --summary b --json
is "$(sig case case_outcome)" $'2023-0003\nrepeated' "is known"
run 0 "on another channel" at 22 signal report --kind downstream-impact --reporter acme \
	--observable domain=msstorageboxes.com --channel beta --summary c --json
is "$(sig case case_outcome)" $'2023-0004\nopened' "is another matter"
run 0 "the same release of the same channel" at 22 signal report --kind provenance-gap \
	--reporter gate --subject $D3 --channel stable --release 1.0 --summary d --json
is "$(sig case)" 2023-0005 "opens one"
run 0 "and another component of it" at 22 signal report --kind release-integrity --reporter gate \
	--observable file-name=a.dll --channel stable --release 1.0 --summary e --json
is "$(sig case case_outcome severity owner)" $'2023-0005\njoined\ncritical\nrelease-engineering' \
	"joins, and the graver route gives owner and severity"
run 0 "--join" at 22 signal report --kind downstream-impact --reporter x --summary f \
	--observable ipv4=192.0.2.7 --join 2023-0001 --json
is "$(sig case case_outcome)" $'2023-0001\njoined' "joins the case that is named"
run 0 "a new year counts anew" $FB signal report --clock 2024-01-01T00:00:00Z --reporter a \
	--kind provenance-gap --observable file-name=b.exe --summary g --json
is "$(sig case)" 2024-0001 "2024-0001"

# ---- freezing

echo "good bytes" >app.bin
channel stable 18.12.416 app.bin
ok $? "a channel ships app.bin"
APP=sha256:$(sha256sum app.bin | cut -d' ' -f1)
run 0 "one report on what is shipped" report 23 acme "$APP" --json
is "$(sig case_outcome freeze)" $'opened\nnot-called-for' "freezes nothing yet"
run 0 "the same reporter twice" report 23 acme "$APP" --json
is "$(sig case_outcome freeze)" $'repeated\nnot-called-for' "still nothing"
run 0 "a second, independent one" report 24 globex "$APP" --json
is "$(sig case_outcome freeze channels reporters)" $'joined\ndone\n["stable"]\n2' "freezes the channel"
like "$(sig why)" "2 independent reports, the last by globex" "and says why"
run 0 "release status" $FB release status stable --json
is "$(json state)" frozen "the channel is frozen"
run 0 "a third" report 24 initech "$APP" --json
is "$(sig freeze)" already "finds it frozen"
sha1=sha1:$(sha1sum app.bin | cut -d' ' -f1)
run 0 "by SHA-1, two reporters" report 24 hooli "$sha1" --json
run 0 "the second" report 24 umbrella "$sha1" --json
is "$(sig freeze channels)" $'already\n["stable"]' "is the same case, whatever the digest; finds the channel by any digest"

echo "other bytes" >other.bin
channel beta 2.0 other.bin
OTHER=sha256:$(sha256sum other.bin | cut -d' ' -f1)
run 0 "an integrity signal" at 24 signal report --kind release-integrity --subject "$OTHER" \
	--reporter gate --summary tampered --json
is "$(sig freeze channels severity)" $'done\n["beta"]\ncritical' "freezes at once"
out=$($FB release status beta --json)
is "$(json state)" frozen "beta is frozen"
run 0 "integrity of something that is not ours" at 24 signal report --kind release-integrity \
	--subject $D2 --reporter gate --summary x
like "$out" "not frozen: no release channel here ships it" "says that nothing was frozen"
out=$($FB case show 2023-0002 --json)
is "$(json freezes.0.outcome)" no-channel "and the case records it"

echo "third" >third.bin
channel delta 4.0 third.bin
run 0 "frozen by a person for the case" at 24 release freeze delta --reason "to be safe" \
	--owner alice --expires 7d --case 2023-0002
out=$($FB case show 2023-0002 --json)
is "$(json freezes.1.channel freezes.1.outcome freezes.1.why)" $'delta\ndone\nto be safe' \
	"is in the case, too"
is "$(grep -o '"id":"freeze","met":"[^"]*"' <<<"$out")" '"id":"freeze","met":"2023-03-24T12:00:00Z"' \
	"and meets its deadline"
run 0 "for a case that is not there" at 24 release freeze delta --reason x --owner alice \
	--expires 7d --case 1999-0001
like "$err" "there is no case 1999-0001" "says so"

# ---- a file from another tool

cat >signals.jsonl <<-EOS
	{"kind":"downstream-impact","reporter":"tool","subject":"$D3","summary":"one","seen":"2023-03-20T00:00:00Z","learned":"2023-03-21T00:00:00Z"}

	{"kind":"provenance-gap","reporter":"tool","observable":{"type":"file-name","value":"Setup.EXE"},"summary":"two"}
EOS
run 0 "JSON lines" at 25 signal report --file signals.jsonl --json
is "$(json signals.0.case_outcome signals.1.case_outcome)" $'joined\nopened' "each is routed"
{ echo '['; sed -n 1p signals.jsonl; echo ']'; } >signals.json
run 0 "an array" at 25 signal report --file signals.json --json
is "$(json signals.0.case_outcome)" repeated "is taken too"
run 0 "signal list" $FB signal list --json
like "$out" '"seen":"2023-03-20T00:00:00Z"' "shows the time of the event"
like "$out" '"learned":"2023-03-21T00:00:00Z"' "and of learning"
run 0 "of one kind" $FB signal list --kind provenance-gap
like "$out" "2023-0005 +provenance-gap" "lists it"
is "$(grep -c downstream <<<"$out")" 0 "and no other"

# ---- bad input: one line, exit code, nothing recorded

R="at 25 signal report --reporter r --summary s"
refused 3 "no kind" $R --subject $D1
refused 3 "unknown kind" $R --kind alarm --subject $D1
refused 3 "no subject" $R --kind provenance-gap
refused 3 "bad digest" $R --kind provenance-gap --subject sha256:12
refused 3 "no summary" at 25 signal report --kind provenance-gap --subject $D1
refused 3 "bad observable" $R --kind provenance-gap --observable domain
refused 3 "observable of no known type" $R --kind provenance-gap --observable colour=red
refused 3 "observable that is not its type" $R --kind provenance-gap --observable ipv4=300.1.1.1
refused 3 "bad time" $R --kind provenance-gap --subject $D1 --seen yesterday
refused 3 "confidence over 100" $R --kind provenance-gap --subject $D1 --confidence 101
refused 5 "learned in the future" $R --kind provenance-gap --subject $D1 --learned 2024-01-01T00:00:00Z
refused 5 "seen after it was learned" $R --kind provenance-gap --subject $D1 \
	--seen 2023-03-24T00:00:00Z --learned 2023-03-23T00:00:00Z
refused 5 "channel that is none" $R --kind provenance-gap --subject $D1 --channel 'A B'
refused 5 "reporter over two lines" at 25 signal report --kind provenance-gap --subject $D1 \
	--summary s --reporter $'a\nb'
refused 5 "reporter with an escape sequence" at 25 signal report --kind provenance-gap \
	--subject $D1 --summary s --reporter $'a\e[31m'
refused 5 "summary that is not UTF-8" at 25 signal report --kind provenance-gap --subject $D1 \
	--reporter r --summary $'\xff'
refused 5 "evidence that is not there" $R --kind provenance-gap --subject $D1 --evidence nothing
like "$err" "nothing: No such file" "names the file"
refused 6 "--join a case that is not there" $R --kind provenance-gap --subject $D1 --join 2020-0001
refused 3 "--file with another option" at 25 signal report --file signals.json --kind provenance-gap
refused 5 "--file that is not there" at 25 signal report --file none.json
: >empty
refused 5 "empty file" at 25 signal report --file empty
while IFS='|' read -r name text words; do
	printf '%s' "$text" >bad.json
	refused 5 "$name" at 25 signal report --file bad.json
	like "$err" "bad.json.*$words" "$name: says where"
done <<-'EOS'
	cut off|[{"kind":"provenance-gap"|offset
	unknown member|[{"kind":"provenance-gap","colour":1}]|offset
	duplicate key|{"kind":"provenance-gap","kind":"x"}|offset
	bytes after it|[] []|offset
	no signal in it|[]|no signal
	not an object|[7]|offset
	no reporter|{"kind":"provenance-gap","observable":{"type":"domain","value":"a.example"}}|reporter
	unknown kind|{"kind":"boom","reporter":"r"}|kind
	no subject|{"kind":"provenance-gap","reporter":"r","summary":"s"}|neither a subject
	observable without type|{"kind":"provenance-gap","reporter":"r","observable":{"value":"a"}}|type
EOS
python3 -c 'print("["*100000)' >deep.json
refused 5 "nested too deeply" at 25 signal report --file deep.json
head -c 20000000 /dev/zero >big.json
refused 5 "20 MB of zeros" at 25 signal report --file big.json
printf '{"kind":"provenance-gap","reporter":"r\\u0000"}' >nul.json
refused 5 "NUL in a string" at 25 signal report --file nul.json
sed -n 1p signals.jsonl >two.jsonl
echo '{"kind":"provenance-gap","reporter":"r"}' >>two.jsonl
refused 5 "the second of two is bad" at 25 signal report --file two.jsonl
like "$err" "signal 2" "names the second; the first is not recorded either"

# ---- route files

cp "$TOP/share/routes/default.yaml" routes.yaml
sed -i 's/independent-reports: 2/independent-reports: 3/' routes.yaml
echo "k is three" >k3.bin
channel gamma 3.0 k3.bin
K3=sha256:$(sha256sum k3.bin | cut -d' ' -f1)
for who in a b; do report 26 $who "$K3" --routes routes.yaml --json >/dev/null; done
out=$($FB release status gamma --json)
is "$(json state)" active "with independent-reports: 3 two are not enough"
run 0 "the third" report 26 c "$K3" --routes routes.yaml --json
is "$(sig freeze)" done "is"
out=$($FB case show "$(sig case)" --json)
is "$(json route_file route_digest)" $'routes.yaml\nsha256:'"$(sha256sum routes.yaml | cut -d' ' -f1)" \
	"the case names the route file and its digest"
sed '/independent-reports/a colour: red' routes.yaml >bad.yaml
refused 5 "route file with an unknown key" $R --kind provenance-gap --subject $D1 --routes bad.yaml
like "$err" "bad.yaml:[0-9]+:[0-9]+: .*colour" "with its place"
refused 5 "route file that is not there" $R --kind provenance-gap --subject $D1 --routes none.yaml

run 0 "the ledger is sound" $FB ledger verify
tap_done
