#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# csaf: every kind of advisory through the schema and all mandatory tests of the OASIS TC's validator
# library (npm @secvisogram/csaf-validator-lib). About 20 seconds, most of it node.

. "$(dirname "$0")/../support/tap.sh"
LIB=$TESTDEPS/npm/node_modules/@secvisogram/csaf-validator-lib
command -v node >/dev/null || skip_all "node is not installed"
[ -f "$LIB/mandatoryTests.js" ] || skip_all "no @secvisogram/csaf-validator-lib in $TESTDEPS"
. "$(dirname "$0")/../support/case.sh"
. "$(dirname "$0")/../support/advise.sh"
cd "$TMP" || exit 1
mkdir docs
A="advise --publisher acme.yaml"

keep() { # NAME: the CSAF document just written to out/ is one to check
	mv out/*.json "docs/$1.json"
	ok $? "written: $1"
}

echo x >app.bin
echo evidence >e.txt
channel stable 1.0 app.bin
APP=sha256:$(sha256sum app.bin | cut -d' ' -f1)

# nothing known but a name on the wire
at 02 signal report --kind downstream-impact --observable domain=c2.example --reporter a \
	--summary s >/dev/null
at 02 advise 2023-0001 --out out >/dev/null
keep observable-draft-example
at 03 $A 2023-0001 --out out --status interim >/dev/null
keep observable-interim

# what a channel ships: draft, interim, draft of the next, final
report 04 a "$APP" >/dev/null
at 05 $A 2023-0002 --out out >/dev/null
keep shipped-draft
at 06 case decide 2023-0002 --verdict confirmed --why w >/dev/null
at 06 advise 2023-0002 --out out --status interim --publisher acme.yaml >/dev/null
keep shipped-interim
at 07 advise 2023-0002 --out out --status draft >/dev/null
keep shipped-draft-after-release
at 07 advise 2023-0002 --out out --status final --summary "scope" --tlp RED >/dev/null
keep shipped-final
at 07 advise 2023-0002 --out out --status final >/dev/null
keep shipped-final-same-day

# the published case, with and without a CVE
at 08 $A 2023-0002 --out out --status final --case-data 3cx-2023 >/dev/null
keep case-data
{ cat "$TOP/share/cases/3cx-2023/case.yaml"; echo "cve: CVE-2023-29059"; } |
	awk '!(/^cve:/ && n++)' >cve.yaml
at 08 $A 2023-0002 --out out --status final --case-data cve.yaml >/dev/null
keep case-data-cve

# a release to go back to
echo y >next.bin
report 09 a $D1 >/dev/null
at 09 signal report --kind provenance-gap --subject $D2 --reporter gate --channel stable \
	--release 2.0 --summary s >/dev/null
at 09 $A 2023-0004 --out out --status final >/dev/null
keep move-back
at 09 $A 2023-0003 --out out --status final --title "T" --overview "O" >/dev/null
keep digest-only

# a false positive
at 09 case decide 2023-0004 --verdict false-positive --why w --evidence e.txt --owner o \
	--expires 9d >/dev/null
at 10 advise 2023-0004 --out out --status final >/dev/null
keep false-positive

# everything odd
at 11 signal report --kind release-integrity --observable 'file-name=a"b<c>.dll' --reporter r \
	--summary '<script>alert("summary")</script>' >/dev/null
at 11 advise 2023-0005 --publisher odd.yaml --case-data odd-case.yaml --out out --status interim \
	--summary $'<script>alert("rev")</script> \xe2\x80\xae\xf0\x9f\x92\xa9' >/dev/null
keep odd
at 12 advise 2023-0005 --out out --status final --title $'tab\there, \\ and "' \
	--overview $'two\nlines \xc2\xad' >/dev/null
keep odd-final

# One more that is wrong, so that we know that the harness sees it.
sed 's/"version": "[0-9]*"/"version": "7"/' docs/shipped-final.json >broken.json
n=$(ls docs | wc -l)
timeout 300 node "$TOP/tests/conformance/csaf-check.mjs" "$LIB" docs/*.json broken.json \
	>findings.txt 2>node.err
is $? 1 "the validator ran, and found the broken one"
sed 's/^/# /' node.err
is "$(grep ' error ' findings.txt | grep -v '^broken.json ')" "" "no error in any of the $n documents"
like "$(cat findings.txt)" "^broken.json error mandatoryTest_6_1_16" "but one in the one with a wrong version"
like "$(tail -n 1 findings.txt)" "ran $((43 * (n + 1))) mandatory tests" "all 43 mandatory tests on each"
# Warnings that are left are about what the facts do not hold.
is "$(grep '^docs.* warning ' findings.txt | grep -v 'optionalTest_6_2_3 \|optionalTest_6_2_16 \|optionalTest_6_2_11 \|optionalTest_6_2_8 \|optionalTest_6_2_18 ')" \
	"" "no warning but: no CVSS score, no hash known, MD5 only, no address for the document"
for d in docs/*.json; do
	like "$(grep -o '"category": "csaf_[a-z_]*"' "$d")" "csaf_security_(incident_response|advisory)" \
		"profile of $(basename "$d")"
done
like "$(cat docs/case-data-cve.json)" '"category": "csaf_security_advisory"' "with a CVE: profile 4"
like "$(cat docs/case-data.json)" '"category": "csaf_security_incident_response"' "without: profile 2"

tap_done
