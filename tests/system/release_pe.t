#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The gate on real signed PE files: 1,024 bytes inside the certificate table (the 3CX shape) hold the
# release and freeze the channel, although the provenance is about exactly these bytes.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"
. "$(dirname "$0")/../support/pe.sh"
EXE=$TESTDEPS/npm/node_modules/electron-winstaller/vendor/signtool.exe
EFI=$TESTDEPS/deb/shim-signed/usr/lib/shim/shimx64.efi.signed
[ -f "$EXE" ] || skip_all "no electron-winstaller in $TESTDEPS"
[ -f "$EFI" ] || skip_all "no shim-signed in $TESTDEPS"

export FIREBREAK_STATE=$TMP/state
cd "$TMP" || exit 1
fb() { "$FIREBREAK" "$@"; }
field() { printf '%s' "$out" | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }
for k in alice bob builder; do keypair $k || exit 1; done
printf '%s\n' 'version: 1' 'require: [anatomy, provenance]' 'signers: [builder.pub]' \
	'authenticode: {roots: [cas.pem], allow-sha1: true}' >policy.yaml
for f in "$EXE" "$EFI"; do "$BUILD/tests/conformance/ac_tool" cas "$f"; done >cas.pem
mkdir v1 v2
cp "$EXE" v1/tool.exe
cp "$EFI" v1/shim.efi
cp v1/* v2/
stuff v2/tool.exe 1024
provenance builder https://ci.example v1/* >v1.json
provenance builder https://ci.example v2/* >v2.json

run 0 "init" fb release init stable --policy policy.yaml --owner team --person alice=alice.pub --person bob=bob.pub
run 0 "real signed files pass" fb release publish stable 1.0 v1/* --evidence v1.json --json
like "$out" '"controls":\[.*"name":"anatomy","result":"pass"' "anatomy is a control"
run 0 "status" fb release status stable --json
like "$out" '"format":"pe"' "they are PE files"
is "$(printf '%s' "$out" | grep -o '"md5":"[0-9a-f]*"' | sort)" \
	"$(md5sum v1/* | sed 's/\([0-9a-f]*\) .*/"md5":"\1"/' | sort)" "their MD5, for reports that have nothing better"

run 1 "the stuffed one is held" fb release publish stable 2.0 v2/* --evidence v2.json --json
is "$(field kind)" release.hold "held"
like "$out" '"artifact":"tool.exe","code":"pe.slack"' "names the slack"
like "$out" '"name":"anatomy","result":"fail"' "anatomy fails"
like "$out" '"name":"provenance","result":"pass"' "though its provenance is good"
like "$out" '"freeze":"done"' "and freezes the channel"
CASE=$(field case)
run 0 "the case" fb case show "$CASE"
like "$out" "stable 2.0 was held: tool.exe" "says why"
run 0 "status" fb release status stable
like "$out" "stable is frozen" "frozen"
like "$out" "current   1.0" "on 1.0"
like "$out" "lifted by case-closed:$CASE" "until the case is closed"
run 6 "an honest release waits too" fb release publish stable 3.0 v1/tool.exe --evidence v1.json
run 6 "nobody lifts it while the case is open" fb release unfreeze stable --as bob --sign-key bob.key
like "$err" "that case is open" "says so"
run 0 "but the second person lets the clean build out" fb release allow stable 3.0 --reason "rebuilt, clean" \
	--expires 24h --as bob --sign-key bob.key
run 0 "which passes the gate" fb release publish stable 3.0 v1/tool.exe --evidence v1.json
run 0 "hash reports of any kind find what ships it" fb signal report --kind downstream-impact \
	--subject "md5:$(md5sum v1/shim.efi | cut -c1-32)" --reporter soc --summary "seen on an endpoint" --json
run 0 "again, by somebody else" fb signal report --kind downstream-impact \
	--subject "md5:$(md5sum v1/shim.efi | cut -c1-32)" --reporter customer --summary "here too" --json
like "$out" '"channels":\["stable"\]' "the channel that shipped it freezes"
run 0 "the ledger is sound" fb ledger verify
tap_done
