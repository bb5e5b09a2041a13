#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Chains and time stamps: our verdict beside osslsigncode's, on files that are made here. Where the two
# differ on purpose the table says so, and why.
. "$(dirname "$0")/../support/tap.sh"
command -v osslsigncode >/dev/null || skip_all "osslsigncode is not installed"
cd "$TMP" || exit 1
. "$TOP/tests/support/codesign.sh"
export FIREBREAK_STATE=$TMP/state

"$BUILD/tests/conformance/ac_tool" make pe.exe
# shellcheck disable=SC2086
{
	issue root - P-256 20190101 20490101 $CA
	issue inter root P-256 20190101 20480101 basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign
	issue other - P-256 20190101 20490101 $CA
	issue tsroot - P-256 20190101 20490101 $CA
	issue tsa tsroot rsa:2048 20190101 20480101 $STAMP
	issue now inter rsa:2048 20200101 20470101 $CODE
	issue p256 inter P-256 20200101 20470101 $CODE
	issue p384 inter P-384 20200101 20470101 $CODE
	issue old inter rsa:2048 20200101 20210101 $CODE
	issue future inter rsa:2048 20450101 20470101 $CODE
	issue life inter rsa:2048 20200101 20210101 basicConstraints=CA:FALSE keyUsage=critical,digitalSignature \
		extendedKeyUsage=codeSigning,1.3.6.1.4.1.311.10.3.13
	issue usage inter rsa:2048 20200101 20470101 basicConstraints=CA:FALSE extendedKeyUsage=serverAuth
	issue under now rsa:2048 20200101 20470101 $CODE
	issue deepca inter P-256 20200101 20470101 $CA
	issue deep deepca rsa:2048 20200101 20470101 $CODE
	issue weak inter rsa:1024 20200101 20470101 $CODE
	issue stranger other rsa:2048 20200101 20470101 $CODE
	issue webca root P-256 20190101 20480101 $CA extendedKeyUsage=serverAuth
	issue web webca rsa:2048 20200101 20470101 $CODE
	MD=sha1 issue sha1 inter rsa:2048 20200101 20470101 $CODE
	issue self - rsa:2048 20200101 20470101 extendedKeyUsage=codeSigning
	issue badtsa tsroot rsa:2048 20190101 20480101 $CODE
}
for s in now p256 p384 old future life usage weak sha1; do cat $s.crt inter.crt >$s.pem; done
cat under.crt now.crt inter.crt >under.pem
cat deep.crt deepca.crt inter.crt >deep.pem
cat stranger.crt >stranger.pem
cat web.crt webca.crt >web.pem
cat self.crt >self.pem
cat tsa.crt >tsa.pem
cat badtsa.crt >badtsa.pem
in2020=1592000000
in2022=1655000000

# verdict of both on FILE with ROOTS: PASS, UNKNOWN, FAIL; ok, no
judge() {
	ours=$("$FIREBREAK" verify --require anatomy --authenticode-roots "$2" --timestamp-roots tsroot.crt $3 "$1" |
		sed -n '1s/ .*//p')
	ossl verify -CAfile "$2" -TSA-CAfile tsroot.crt -in "$1" && theirs=ok || theirs=no
}

# NAME, SIGNER, options for signing, ROOTS, our verdict, theirs, option for ours
row() {
	# shellcheck disable=SC2086
	ac_sign x.exe "$2" $3
	judge x.exe "$4" "$7"
	is "$ours $theirs" "$5 $6" "$1"
}

row "RSA"				now "" root.crt PASS ok
row "P-256"				p256 "" root.crt PASS ok
row "P-384"				p384 "" root.crt PASS ok
row "the intermediate as anchor"	now "" inter.crt PASS no # it wants a self-signed one
row "page hashes"			now -ph root.crt PASS ok
row "another root"			now "" other.crt FAIL no
row "a signer of another CA"		stranger "" root.crt FAIL no
row "not valid yet"			future "" root.crt FAIL no
row "expired"				old "" root.crt FAIL no
row "expired, stamped before"		old "$(stamped_by tsa $in2020)" root.crt PASS ok
row "expired, stamped after"		old "$(stamped_by tsa $in2022)" root.crt FAIL no
row "lifetime signing: a stamp does not prolong it" life "$(stamped_by tsa $in2020)" root.crt FAIL ok # it does not know lifetime signing
row "a certificate for web servers"	usage "" root.crt FAIL no
row "a CA for web servers"		web "" root.crt FAIL ok # it does not look at usages of CAs
row "issued by a signer, not a CA"	under "" root.crt FAIL no
row "a path longer than allowed"	deep "" root.crt FAIL no
row "an RSA key of 1,024 bits"		weak "" root.crt FAIL ok # it has no rule for key sizes
row "a certificate signed with SHA-1"	sha1 "" root.crt UNKNOWN ok # SHA-1 counts only when allowed
row "the same, allowed"			sha1 "" root.crt PASS ok --allow-sha1
row "signed with SHA-1"			now "-h sha1" root.crt UNKNOWN ok
row "the same, allowed"			now "-h sha1" root.crt PASS ok --allow-sha1
row "self-signed, and trusted itself"	self "" self.crt PASS ok
row "self-signed, not trusted"		self "" root.crt FAIL no

# A stamp by a certificate that is no stamper's does not prove a time.
ac_sign x.exe now $(stamped_by badtsa $in2020)
if [ -s x.exe ]; then
	judge x.exe root.crt
	is "$ours" PASS "stamped by a certificate that is no stamper's: as if it were not stamped"
	ac_sign x.exe old $(stamped_by badtsa $in2020)
	judge x.exe root.crt
	is "$ours" FAIL "which does not help one that expired"
fi

# Nested: each signature counts.
ac_sign one.exe now -h sha1
IN=one.exe ac_sign two.exe p256 -nest
judge two.exe root.crt
is "$ours $theirs" "PASS ok" "SHA-1 outside, SHA-256 inside: both are one signer's of today"
like "$("$FIREBREAK" verify --require anatomy --authenticode-roots root.crt two.exe)" 'warn +pe.chain.sha1' \
	"the SHA-1 one is named"
ac_sign one.exe now
IN=one.exe ac_sign two.exe stranger -nest
judge two.exe root.crt
is "$ours" FAIL "a good one and a nested one by a stranger"
cat root.crt other.crt >both.pem
judge two.exe both.pem
is "$ours" PASS "unless the stranger is trusted, too"

# Anybody can make a certificate of a CA's name and key, under a root of his own: it fits into the
# signer's chain, and with it whatever it holds.
cross() { # NAME ISSUER EXTENSION…: of the root's name and key
	local name=$1 by=$2
	shift 2
	printf '%s\n' "$@" >"$name.ext"
	openssl pkey -in root.key -pubout -out root.pub
	openssl x509 -req -in root.csr -force_pubkey root.pub -CA "$by.crt" -CAkey "$by.key" -days 4000 \
		-set_serial "0x$(openssl rand -hex 8)" -extfile "$name.ext" -out "$name.crt" 2>/dev/null
}
# shellcheck disable=SC2086
cross second other $CA
cat now.pem second.crt other.crt >crossed.pem
cp now.key crossed.key
row "a CA certified by an older one, too" crossed "" root.crt PASS ok
like "$("$FIREBREAK" verify --require anatomy --authenticode-roots root.crt x.exe)" \
	"note +pe.unvouched: .*CN=Test root" "which leads to no anchor"
# shellcheck disable=SC2086
cross roomy other $CA $(for i in 1 2 3 4 5 6 7 8; do echo "1.2.3.$i=DER:0481c8$(printf '%0400d' 0)"; done)
cat now.pem roomy.crt other.crt >crossed.pem
row "the same, with 1,600 bytes in it" crossed "" root.crt FAIL ok
# shellcheck disable=SC2086
for i in 1 2 3 4 5 6; do
	cross "more$i" other $CA
	cat "more$i.crt"
done >more.pem
cat now.pem second.crt other.crt more.pem >crossed.pem
row "eight that lead to no anchor" crossed "" root.crt FAIL ok
like "$("$FIREBREAK" verify --require anatomy --authenticode-roots root.crt x.exe)" \
	"fail +pe.unrelated-certificates" "are too many"

# Without anchors, and with digests in a policy.
ac_sign x.exe now
run 2 "nobody was named" "$FIREBREAK" verify --require anatomy x.exe
like "$out" "anatomy.unanchored: " "says so"
for d in "$(openssl x509 -in now.crt -outform DER | sha256sum)" \
	"$(openssl pkey -in now.key -pubout -outform DER | sha256sum)"; do
	printf 'version: 1\nrequire: [anatomy]\nauthenticode: {roots: ["sha256:%s"]}\n' "${d%% *}" >p.yaml
	run 0 "the signer by digest" "$FIREBREAK" verify --policy p.yaml x.exe
done
printf 'version: 1\nrequire: [anatomy]\nauthenticode: {roots: ["sha256:%064d"]}\n' 7 >p.yaml
run 1 "another digest" "$FIREBREAK" verify --policy p.yaml x.exe
like "$out" "fail +pe.chain.no-issuer" "says why"
printf 'version: 1\nrequire: [anatomy]\nauthenticode: {roots: [none.pem]}\n' >p.yaml
run 5 "roots that are not there" "$FIREBREAK" verify --policy p.yaml x.exe
printf 'version: 1\nrequire: [anatomy]\nauthenticode: {roots: []}\n' >p.yaml
run 5 "no roots" "$FIREBREAK" verify --policy p.yaml x.exe
echo no certificate >bad.pem
run 5 "roots that are none" "$FIREBREAK" verify --authenticode-roots bad.pem x.exe
run 3 "stamps' roots alone" "$FIREBREAK" verify --timestamp-roots root.crt x.exe

# Microsoft's, Debian's and KDE's files, with the CAs that they carry as anchors.
"$BUILD/tests/conformance/ac_tool" cas "$TESTDEPS/deb/shim-signed/usr/lib/shim/shimx64.efi.signed" >debian.pem 2>/dev/null
if [ -f "$TESTDEPS/pairs/gl-6.0.2.tgz" ]; then # the DLL whose namesake 3CX shipped: dual-signed in 2013
	tar -xzf "$TESTDEPS/pairs/gl-6.0.2.tgz" -O package/deps/windows/dll/x64/d3dcompiler_47.dll >d3d.dll
	"$BUILD/tests/conformance/ac_tool" cas d3d.dll >d3d.pem
	run 0 "d3dcompiler_47.dll: SHA-1 outside, SHA-256 inside" "$FIREBREAK" verify --require anatomy \
		--authenticode-roots d3d.pem d3d.dll
	like "$out" "warn +pe.chain.sha1" "the outer one does not count"
	like "$out" "holds for 2013-08-22T12:18:21" "the inner one does, at the time of its stamp"
	run 0 "both, where SHA-1 counts" "$FIREBREAK" verify --require anatomy --allow-sha1 --authenticode-roots d3d.pem d3d.dll
	like "$out" "holds for 2013-08-22T12:18:18" "at the time of the outer one's countersignature"
else
	skip "d3dcompiler_47.dll" "no gl in $TESTDEPS/pairs"
fi
while read -r want file; do
	if [ ! -f "$TESTDEPS/$file" ]; then
		skip "$file" "not in $TESTDEPS"
		continue
	fi
	"$BUILD/tests/conformance/ac_tool" cas "$TESTDEPS/$file" >real.pem
	cat debian.pem >>real.pem
	out=$("$FIREBREAK" verify --require anatomy --authenticode-roots real.pem "$TESTDEPS/$file")
	is "${out%% *}" "$want" "${file##*/}"
	run 1 "${file##*/}: under another root" "$FIREBREAK" verify --authenticode-roots other.crt "$TESTDEPS/$file"
done <<END
PASS npm/node_modules/@electron/windows-sign/vendor/signtool.exe
UNKNOWN npm/node_modules/electron-winstaller/vendor/signtool.exe
PASS npm/node_modules/node-pty/prebuilds/win32-x64/conpty/conpty.dll
PASS npm/node_modules/node-pty/prebuilds/win32-x64/conpty/OpenConsole.exe
PASS npm/node_modules/node-notifier/vendor/snoreToast/snoretoast-x86.exe
PASS deb/shim-signed/usr/lib/shim/shimx64.efi.signed
PASS deb/grub-efi-amd64-signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed
PASS deb/fwupd-amd64-signed/usr/libexec/fwupd/efi/fwupdx64.efi.signed
END
tap_done
