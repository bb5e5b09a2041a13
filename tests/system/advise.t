#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# advise through the CLI: the same facts in every form, revisions, escaping, bad input. About 10 seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/case.sh"
. "$(dirname "$0")/../support/advise.sh"
cd "$TMP" || exit 1
echo good >good.bin
echo evidence >e.txt
channel stable 1.0 good.bin
GOOD=sha256:$(sha256sum good.bin | cut -d' ' -f1)
echo bad >bad.bin
BAD=sha256:$(sha256sum bad.bin | cut -d' ' -f1)

# ---- a draft needs nobody's name, a release does

report 02 secret-reporter $BAD --channel stable --release 2.0 --seen 2023-03-01T08:00:00Z >/dev/null
at 02 signal report --kind downstream-impact --observable domain=c2.example --channel stable \
	--release 2.0 --reporter secret-reporter --summary "secret words" >/dev/null
run 0 "a draft, on stdout" at 02 advise 2023-0001
like "$out" "EXAMPLE-SA-2023-0001" "is the example's"
like "$out" "0 \(draft\)" "version 0"
refused 3 "not released without a publisher" at 02 advise 2023-0001 --status interim
like "$err" "--publisher FILE is missing" "says so"
refused 3 "not released in the name of the example" at 02 advise 2023-0001 --status interim \
	--publisher "$TOP/share/publisher.example.yaml"
like "$err" "the example that comes with" "says so, too"
run 0 "--json" at 03 advise 2023-0001 --publisher acme.yaml --status interim --out out --json
is "$(json tracking version status affected under_investigation)" \
	$'EXAMPLE-SA-2023-0001\n1\ninterim\n0\n1' "the id stays what the first one was"

report 02 secret-reporter $D1 >/dev/null
run 0 "another case" at 03 advise 2023-0002 --publisher acme.yaml --status interim --out out/
is "$(grep -c // <<<"$out")" 0 "a folder given with a slash"
is "$(ls out)" "$(printf '%s\n' acme-sa-2023-0002-indicators.csv acme-sa-2023-0002.{html,json,txt} \
	example-sa-2023-0001-indicators.csv example-sa-2023-0001.{html,json,txt})" \
	"file names as CSAF 5.1 says, in lower case"

# ---- one set of facts

at 04 case decide 2023-0001 --verdict confirmed --why "secret reason" --as secret-analyst >/dev/null
run 0 "confirmed" at 04 advise 2023-0001 --status final --summary "Confirmed" --out out --json
doc=out/example-sa-2023-0001
is "$(json version affected documents.csaf.digest)" \
	"2"$'\n1\n'"sha256:$(sha256sum $doc.json | cut -d' ' -f1)" "version 2; the digest is the file's"
for f in csaf:json text:txt html:html indicators:-indicators.csv; do
	d=$(json "documents.${f%%:*}.digest")
	d=${d#sha256:}
	case ${f#*:} in -*) file=$doc${f#*:} ;; *) file=$doc.${f#*:} ;; esac
	cmp -s "$file" "state/blobs/sha256/${d:0:2}/$d"
	ok $? "the ${f%%:*} is kept by digest"
done
for f in $doc.json $doc.txt $doc.html; do
	text=$(tr '\n' ' ' <$f | tr -s ' ')
	for fact in "Acme Phone" "2\.0" "1\.0" "${GOOD#sha256:}" "${BAD#sha256:}" "c2\[\.\]example" \
		"move to version 1\.0" 'C:\\+Acme\\+uninstall.exe' "security@acme.example" \
		"2023-03-01T08:00:00Z" "2023-03-02T12:00:00Z" "EXAMPLE-SA-2023-0001" "Confirmed" \
		"https://acme.example/security"; do
		grep -Eq -- "$fact" <<<"$text"
		ok $? "${f##*.}: $fact"
	done
	grep -q secret <<<"$text"
	is $? 1 "${f##*.}: nothing that reporters and analysts wrote or are called"
done
like "$(cat $doc-indicators.csv)" '^"domain","c2.example",' "the table has raw values"
run 0 "which intel import takes" $FB intel import $doc-indicators.csv --json
is "$(json files.0.added files.0.rejected)" $'2\n0' "both of them"

# ---- revisions

is "$(grep -c '"number"' $doc.json)" 2 "two revisions in the history"
run 0 "a draft of the next" at 05 advise 2023-0001 --status draft --json
is "$(json version)" 3 "has the next number"
run 0 "and again" at 05 advise 2023-0001 --json
is "$(json version status)" $'3\ndraft' "the same one; the status stays"
run 0 "released" at 06 advise 2023-0001 --status final --tlp amber --title "New title" --json
is "$(json version)" 3 "takes it"
run 0 "later" at 07 advise 2023-0001 --out out
like "$(cat $doc.txt)" "TLP:AMBER" "keeps the label"
like "$(cat $doc.txt)" "^New title" "the title"
like "$(cat $doc.txt)" "Acme GmbH" "and the publisher"
is "$(grep -c '"number"' $doc.json)" 4 "drafts leave no trace in the history"
refused 6 "the clock before the last advisory" at 06 advise 2023-0001
like "$err" "the clock is before the last advisory" "says so"
out=$($FB case show 2023-0001 --json)
is "$(json advisories.0.number advisories.0.status advisories.6.number)" $'0\ndraft\n4' \
	"the case has them all"
is "$(grep -o '"id":"advisory","met":"[^"]*"' <<<"$out")" '"id":"advisory","met":"2023-03-03T12:00:00Z"' \
	"the deadline was met by the first that was no draft"

# ---- odd words

at 11 signal report --kind release-integrity --observable 'file-name=a"b<c>.dll' --reporter r \
	--summary '<script>alert("summary")</script>' >/dev/null
run 0 "markup everywhere" at 11 advise 2023-0003 --publisher odd.yaml --case-data odd-case.yaml \
	--out out --status final --summary $'<script>x</script>\xe2\x80\xae'
odd=out/odd-1-2023-0003
python3 - $odd.html <<-'PY'
	import html.parser, sys
	allowed = set('html head meta title style body main span h1 h2 dl dt dd div b p table tr th td '
	              'br code ul li a'.split())
	bad = []
	class P(html.parser.HTMLParser):
	    def handle_starttag(self, tag, attrs):
	        if tag not in allowed: bad.append(tag)
	        for k, v in attrs:
	            if k.startswith('on') or (k == 'href' and not v.startswith('https://')): bad.append((tag, k, v))
	P().feed(open(sys.argv[1], encoding='utf-8').read())
	print(bad)
	sys.exit(bool(bad))
PY
ok $? "the page has only our own elements and attributes"
is "$(grep -c $'\xe2\x80\xae' $odd.html $odd.txt $odd.json | grep -vc ':0')" 0 "no bidi control in any"
like "$(cat $odd.html)" 'lang="de-AT"' "the language"
like "$(cat $odd.html)" '&lt;script&gt;x&lt;/script&gt;\\xe2\\x80\\xae' "escaped, visible"
like "$(cat $odd.txt)" "<script>x</script>" "as it is in the text"
python3 -c 'import json,sys; json.load(open(sys.argv[1], encoding="utf-8"))' $odd.json
ok $? "the CSAF is JSON"
like "$(cat $odd.html)" "default-src 'none'" "the page allows itself nothing from outside"

# ---- bad input

refused 3 "no such case" at 12 advise 2023-0099
refused 3 "unknown status" at 12 advise 2023-0001 --status urgent
refused 3 "unknown label" at 12 advise 2023-0001 --tlp PURPLE
refused 3 "a title with an escape sequence" at 12 advise 2023-0001 --title $'\e[1m'
refused 5 "publisher that is not there" at 12 advise 2023-0001 --publisher none.yaml
refused 5 "case data that is not there" at 12 advise 2023-0001 --case-data none.yaml
refused 5 "case data of no known name" at 12 advise 2023-0001 --case-data nowhere-1999
while IFS='|' read -r name edit words; do
	sed "$edit" acme.yaml >bad.yaml
	refused 5 "publisher: $name" at 12 advise 2023-0002 --publisher bad.yaml
	like "$err" "bad.yaml:[0-9]+:[0-9]+: .*$words" "publisher: $name: place and reason"
done <<-'EOS'
	unknown key|2i colour: red|colour
	no name|/^name/d|"name" is missing
	URL without a scheme|s#https://acme.example$#acme.example#|not an absolute
	URL with a blank|s#/security$#/a security#|not an absolute
	javascript URL|s#https://acme.example/security#javascript:alert(1)#|not an absolute
	unknown category|s/category: vendor/category: hero/|not one of vendor
	prefix with a slash|s#ACME-SA#../ACME#|id-prefix
	another version|s/version: 1/version: 2/|version
	channel named twice|$a\  - {channel: stable, name: Again}|named twice
	bad language|2i language: Deutsch|language
EOS
while IFS='|' read -r name edit words; do
	sed "$edit" odd-case.yaml >bad.yaml
	refused 5 "case data: $name" at 12 advise 2023-0002 --case-data bad.yaml
	like "$err" "bad.yaml:[0-9]+:[0-9]+: .*$words" "case data: $name: place and reason"
done <<-'EOS'
	unknown key|2i colour: red|colour
	bad CVE|s/CVE-2023-29059/CVE-23-1/|CVE id
	bad digest|s/md5: d41d/md5: zzzz/|md5 digest
	bad date|s/at: "2023-03-22"/at: "2023-02-30"/|neither a date
	bad URL|s#https://example.net/x#ftp://x#|not an absolute
	no vendor|/^vendor/d|vendor
EOS
printf 'type,value\nipv4,300.300.1.1\n' >ind.csv
refused 5 "an indicator that is none" at 12 advise 2023-0002 --indicators ind.csv
like "$err" "ind.csv:2: " "names the line"
printf 'x' >file
refused 4 "--out below a file" at 12 advise 2023-0002 --out file/dir
run 0 "the ledger is sound" $FB ledger verify
tap_done
