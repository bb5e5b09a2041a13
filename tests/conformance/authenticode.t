#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Authenticode against osslsigncode, in both directions and on files made here only (Debian's version
# must not be fed with hostile ones), and against files signed by Microsoft and Debian.
. "$(dirname "$0")/../support/tap.sh"

tool=$BUILD/tests/conformance/ac_tool
peer=$(command -v osslsigncode)
cd "$TMP" || exit 1

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.pem 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.pem 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem 2>/dev/null

run 0 "an unsigned image is made" "$tool" make pe.exe
run 0 "and has no signature" "$tool" show pe.exe
is "$out" "not signed" "it says so"

# Ours, read by osslsigncode.
for k in p256 p384 rsa; do
	run 0 "$k: certificate" "$tool" cert $k.pem "Test $k" $k.der
	openssl x509 -inform DER -in $k.der -out $k.crt
	run 0 "$k: sign" "$tool" sign pe.exe $k.pem $k.der $k.exe
	run 0 "$k: we read it" "$tool" show $k.exe
	like "$out" 'image digest matches' "$k: our digest"
	if [ -n "$peer" ]; then
		run 0 "$k: osslsigncode verifies it" osslsigncode verify -CAfile $k.crt -in $k.exe
		like "$out" 'Signature verification: ok' "$k: by its own words"
	else
		skip "$k: osslsigncode verifies it" "osslsigncode is not installed"
	fi
done

# Theirs, read by us: plain, dual (a nested signature), with program name and URL, with an RFC 3161
# stamp by a certificate of our own.
if [ -n "$peer" ]; then
	openssl req -x509 -newkey rsa:2048 -nodes -keyout tsa.key -out tsa.crt -days 3650 \
		-subj "/CN=Test stamper" -addext "extendedKeyUsage=critical,timeStamping" \
		-addext "keyUsage=critical,digitalSignature" 2>/dev/null
	sign() { osslsigncode sign -certs rsa.crt -key rsa.pem "$@" >/dev/null 2>&1; }
	for h in sha1 sha256 sha384; do
		rm -f theirs.exe
		sign -h $h -in pe.exe -out theirs.exe
		run 0 "osslsigncode's $h is read" "$tool" show theirs.exe
		like "$out" "$h image digest matches" "$h: same digest"
	done
	rm -f theirs.exe
	sign -h md5 -in pe.exe -out theirs.exe
	run 1 "MD5 is not accepted" "$tool" show theirs.exe
	like "$out" '^signature 0: algorithm ' "and named as such"
	rm -f one.exe two.exe
	sign -h sha1 -in pe.exe -out one.exe
	sign -h sha256 -nest -in one.exe -out two.exe
	run 0 "a dual signature is read" "$tool" show two.exe
	like "$out" '^signature 0: sha1 image digest matches' "the outer one"
	like "$out" '^signature 0.0: sha256 image digest matches' "the nested one"
	like "$out" 'unsigned attribute 1.3.6.1.4.1.311.2.4.1' "which is an unsigned attribute"
	rm -f named.exe
	sign -h sha256 -n "The Program" -i https://example.com/ -in pe.exe -out named.exe
	run 0 "a name and a URL are read" "$tool" show named.exe
	like "$out" 'program The Program url https://example.com/' "both"
	rm -f stamped.exe
	sign -h sha256 -TSA-certs tsa.crt -TSA-key tsa.key -TSA-time 1679446923 -in pe.exe \
		-out stamped.exe
	if [ -s stamped.exe ]; then
		run 0 "a stamped signature is read" "$tool" show stamped.exe
		like "$out" 'stamp kind 2 ok at 2023-03-22T01:02:03Z by CN=Test stamper' "and checked"
	else
		skip "an RFC 3161 stamp" "this osslsigncode has no built-in stamper"
	fi
	rm -f blob.exe
	sign -h sha256 -addUnauthenticatedBlob -in pe.exe -out blob.exe
	run 0 "an unsigned blob does not break the signature" "$tool" show blob.exe
	like "$out" 'unsigned attribute 1.3.6.1.4.1.42921.1.2.1' "but it is listed"

	# page hashes
	rm -f paged.exe
	sign -h sha256 -ph -in pe.exe -out paged.exe
	run 0 "page hashes" "$tool" show paged.exe
	like "$out" 'page hashes 1' "are noticed"
else
	skip "osslsigncode's signatures are read" "osslsigncode is not installed"
fi

# Changes: in the image, in the signature.
cp rsa.exe bad.exe
printf '\x5a' | dd of=bad.exe bs=1 seek=700 conv=notrunc status=none
run 0 "a changed image: the signature still holds" "$tool" show bad.exe
like "$out" 'image digest DIFFERS' "but the digest is not its own"

# Real files. name, results of each signature
while read -r file count digest stamp; do
	if [ ! -f "$TESTDEPS/$file" ]; then
		skip "$file" "not in $TESTDEPS"
		continue
	fi
	run 0 "${file##*/} is read" "$tool" show "$TESTDEPS/$file"
	is "$(grep -c ': ok ' "$TMP/.out")" "$count" "${file##*/}: $count good"
	is "$(grep -c "$digest image digest matches" "$TMP/.out")" "$count" "${file##*/}: $digest"
	is "$(grep -c "stamp kind $stamp ok" "$TMP/.out")" "$([ "$stamp" = 0 ] && echo 0 || echo "$count")" \
		"${file##*/}: stamps"
	is "$(grep -c '(0 unrelated)' "$TMP/.out")" "$count" "${file##*/}: no unrelated certificate"
done <<END
npm/node_modules/electron-winstaller/vendor/signtool.exe 1 sha1 1
npm/node_modules/@electron/windows-sign/vendor/signtool.exe 1 sha256 2
deb/shim-signed/usr/lib/shim/shimx64.efi.signed 2 sha256 2
deb/grub-efi-amd64-signed/usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed 1 sha256 0
deb/fwupd-amd64-signed/usr/libexec/fwupd/efi/fwupdx64.efi.signed 1 sha256 0
END
tap_done
