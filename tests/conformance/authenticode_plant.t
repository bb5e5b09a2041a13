#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Data planted wherever a signed PE file has room that no signature covers: each shape FAILs, with and
# without anchors, on files signed here and by Microsoft. What osslsigncode says of those made here is
# counted, not demanded.
. "$(dirname "$0")/../support/tap.sh"
command -v osslsigncode >/dev/null || skip_all "osslsigncode is not installed"
command -v python3 >/dev/null || skip_all "python3 is not installed"
cd "$TMP" || exit 1
. "$TOP/tests/support/codesign.sh"
export FIREBREAK_STATE=$TMP/state
plant="$TOP/tests/conformance/ac_plant.py"

"$BUILD/tests/conformance/ac_tool" make pe.exe
# shellcheck disable=SC2086
{
	issue root - P-256 20190101 20490101 $CA
	issue signer root rsa:2048 20200101 20470101 $CODE
	issue tsroot - P-256 20190101 20490101 $CA
	issue tsa tsroot rsa:2048 20190101 20480101 $STAMP
	issue other - P-256 20190101 20490101 $CA
}
cp signer.crt signer.pem
cp tsa.crt tsa.pem
openssl x509 -in other.crt -outform DER -out other.der
# shellcheck disable=SC2046
ac_sign stamped.exe signer $(stamped_by tsa 1600000000)

# All shapes of FILE in one run, with OPTIONS; the codes that must be there.
all() {
	local file=$1
	shift
	rm -rf planted
	mkdir planted
	mapfile -t shapes < <("$plant" "$file" planted other.der)
	is ${#shapes[@]} 24 "${file##*/}: 24 shapes"
	run 1 "${file##*/}: judged" "$FIREBREAK" verify "$@" planted/*.exe
	is "$(grep -c '^FAIL ' <<<"$out")" ${#shapes[@]} "${file##*/}: each is a FAIL"
}
code() { # SHAPE CODE
	like "$(awk -v f="planted/$1.exe" '/^[A-Z]/ { on = $2 == f } on' <<<"$out")" "^  fail +$2: " "$1: $2"
}

run 2 "as signed, nobody named" "$FIREBREAK" verify --require anatomy stamped.exe
like "$out" "anatomy +PASS" "its anatomy is good"
run 0 "as signed" "$FIREBREAK" verify --require anatomy --authenticode-roots root.crt --timestamp-roots tsroot.crt stamped.exe
all stamped.exe
code slack pe.slack
code slack-zeros pe.slack
code after-table pe.after-table
code second-entry pe.signature.bad-der
code second-entry-type pe.entry-type
code directory-only pe.entry-beyond
code attribute pe.unsigned-data
code attribute-nested pe.signature.bad-der
code attribute-stamp pe.timestamp
code attribute-counter pe.timestamp
code certificate pe.unrelated-certificates
code certificate-junk pe.unrelated-certificates
code certificate-other pe.unrelated-certificates
code crls pe.unsigned-data
code digest-algorithm pe.signature.structure
code certificate-extension pe.room
code second-signer pe.signature.structure
code stamp-attribute pe.unsigned-data
code stamp-certificate pe.unrelated-certificates
code stamp-attribute-certificate pe.unrelated-certificates
code stamp-crls pe.unsigned-data
code stamp-digest-algorithm pe.timestamp
code stamp-second-signer pe.timestamp
fooled=
for s in "${shapes[@]}"; do
	ossl verify -CAfile root.crt -TSA-CAfile tsroot.crt -in "planted/$s.exe" && fooled="$fooled $s"
done
echo "# osslsigncode verifies:$fooled"
all stamped.exe --authenticode-roots root.crt --timestamp-roots tsroot.crt

# One bit in 13 of ours, and all of it in the run that docs/authenticode.md reports; a sample of Microsoft's.
cp stamped.exe ours.exe
run 0 "no bit of ours can be flipped but the checksum's" "$BUILD/tests/conformance/ac_tool" flips ours.exe root.crt tsroot.crt 13
like "$out" "^[0-9]+ flips: [34] in the checksum field pass, 0 in parts listed as unvouched, 0 others" "so it is"
real=$TESTDEPS/npm/node_modules/@electron/windows-sign/vendor/signtool.exe
if [ -f "$real" ]; then
	"$BUILD/tests/conformance/ac_tool" cas "$real" >real.pem
	cp "$real" real.exe
	run 0 "nor of Microsoft's signtool.exe, its stamp's attribute certificate apart" \
		"$BUILD/tests/conformance/ac_tool" flips real.exe real.pem real.pem 6007
fi

# A second time stamp over the same signature, by a stamper of one's own making: room in the token.
# shellcheck disable=SC2086
issue owntsa - rsa:2048 20190101 20480101 $STAMP
cp owntsa.crt owntsa.pem
# shellcheck disable=SC2046
ossl add $(stamped_by owntsa 1600000000) -in stamped.exe -out restamped.exe
mkdir twice
"$plant" stamped.exe twice other.der restamped.exe
run 1 "a stranger's time stamp beside one that counts" "$FIREBREAK" verify --require anatomy \
	--authenticode-roots root.crt --timestamp-roots tsroot.crt twice/another-stamp.exe
like "$out" "fail +pe.timestamp.unanchored: .*CN=Test owntsa .*another one does" "is told"
like "$out" "note +pe.timestamp: .*CN=Test tsa" "the other one holds"
run 2 "without anchors both are claims" "$FIREBREAK" verify --require anatomy twice/another-stamp.exe

# osslsigncode's own way to put data in, and Google's in a certificate.
ac_sign blob.exe signer -addUnauthenticatedBlob
run 1 "osslsigncode's blob" "$FIREBREAK" verify blob.exe
like "$out" "pe.unsigned-data: .*1.3.6.1.4.1.42921.1.2.1" "named by its OID"
issue tag - P-256 20190101 20490101 $CODE 1.3.6.1.4.1.11129.2.1.9999=ASN1:UTF8String:Gact2.0Omaha
openssl x509 -in tag.crt -outform DER -out tag.der
mkdir tagged
"$plant" stamped.exe tagged tag.der >/dev/null
run 1 "Google's dummy certificate" "$FIREBREAK" verify tagged/certificate.exe
like "$out" "pe.unrelated-certificates: .*Google's tag" "is named"

# One certificate with room in it, everything else as it should be.
head -c 2000 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >junk.hex
issue roomy - P-256 20200101 20470101 $CODE "1.2.3.4=DER:$(cat junk.hex)"
cp roomy.crt roomy.pem
ac_sign roomy.exe roomy
run 1 "2,000 bytes in an extension of the signer's own certificate" "$FIREBREAK" verify roomy.exe
like "$out" "pe.room: " "are named"

for f in npm/node_modules/@electron/windows-sign/vendor/signtool.exe deb/shim-signed/usr/lib/shim/shimx64.efi.signed \
	npm/node_modules/node-pty/prebuilds/win32-x64/conpty/conpty.dll; do
	if [ -f "$TESTDEPS/$f" ]; then
		all "$TESTDEPS/$f"
	else
		skip "$f" "not in $TESTDEPS"
	fi
done
tap_done
