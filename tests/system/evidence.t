#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# evidence: what verify takes beside DSSE envelopes: signatures over files, SBOMs, digests instead of
# files, patterns, folders, evidence beside the artifact, many processes. A few seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"
umask 022
cd "$TMP" || exit 1
V="$FIREBREAK verify"

openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out k.key
openssl pkey -in k.key -pubout -out k.pem
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null | openssl pkcs8 -topk8 -nocrypt -out o.key
openssl pkey -in o.key -pubout -out o.pem
mkdir -p d/sub
for i in 1 2 3 4 5 6 7 8; do
	head -c $((i * 1000)) /dev/zero | tr '\0' "$i" >d/f$i.bin
	openssl dgst -sha256 -sign k.key -out d/f$i.bin.sig d/f$i.bin
done
cp d/f1.bin d/sub/f9.bin
cp d/f1.bin.sig d/sub/f9.bin.sig

# ---- signatures over the file

run 0 "openssl's signature" $V d/f1.bin --evidence d/f1.bin.sig --key k.pem
like "$out" "signature.accepted: signed by key sha256:[0-9a-f]{64} \(k.pem\)" "says by whom"
run 2 "nobody named" $V d/f1.bin --evidence d/f1.bin.sig
like "$out" "signer.none" "says that a signer is missing"
hasnt() { ! grep -q -- "$1" <<<"$out"; }
run 2 "another key" $V d/f1.bin --evidence d/f1.bin.sig --key o.pem
like "$out" "about it by a signer who was named: 1 by unknown keys$" "counts only what there is"
like "$out" "^  anatomy +UNKNOWN: not looked inside: no PE file$" "one line about the anatomy"
hasnt anatomy.format
ok $? "and not a second one"
hasnt "trusted root"
ok $? "no word about a trusted root that had no say"
echo "hello" >text
run 1 "what is no evidence" $V d/f1.bin --evidence text
like "$out" "no evidence of a known kind: neither JSON nor a signature" "says so"
hasnt "Missing evidence"
ok $? "what is contradicted has nothing missing that nobody asked for"
"$FIREBREAK" sign --format sigstore --key k.key d/f1.bin >/dev/null
run 2 "our own bundle has no log entry" $V d/f1.bin --evidence d/f1.bin.sigstore.json --key k.pem
like "$out" "evidence.partial: no entry of a transparency log" "says so, and not that the key is unknown"
run 0 "as asked, without a log" $V d/f1.bin --evidence d/f1.bin.sigstore.json --key k.pem --insecure-ignore-tlog
like "$out" "warn +evidence.log-ignored" "with a warning"
run 1 "by another key" $V d/f1.bin --evidence d/f1.bin.sigstore.json --key o.pem --insecure-ignore-tlog
(cat d/f1.bin && echo x) >other.bin
run 1 "over other bytes" $V other.bin --evidence d/f1.bin.sigstore.json --key k.pem --insecure-ignore-tlog
rm d/f1.bin.sigstore.json
mkdir own
"$FIREBREAK" key generate --form minisign own.key >/dev/null
openssl req -x509 -new -key k.key -subj /CN=k -out k.crt
echo '{"a":1}' >own.json
own() { # FORMAT KEY [OPTION]...: a file and our signature beside it
	echo "$1" >own/$1
	"$FIREBREAK" sign --format "$1" --key "$2" "${@:3}" own/$1 >/dev/null
}
own raw k.key
own minisign own.key
own cms k.key --certificate k.crt
own dsse k.key --predicate own.json --predicate-type https://example.org/p
run 0 "what sign leaves beside a file, verify finds there" $V --recursive own --beside --require signature \
	--key k.pem --key own.pub
like "$out" "^4 PASS, 0 FAIL, 0 UNKNOWN$" "and no signature is taken for an artifact"
S=$SHARED/trust/sigstore
if [ -f "$S/a.txt" ]; then
	B="$S/happy-path-v0.3/bundle.sigstore.json" I=https://token.actions.githubusercontent.com
	run 0 "a Sigstore bundle" $V "$S/a.txt" --evidence "$B" --certificate-identity-regexp '.*' \
		--certificate-oidc-issuer $I
	like "$out" "signed at +2024-03-19T17:26:26Z by https://rekor.sigstore.dev index 79571823" "when, which log"
	like "$out" "trusted root +built-in, [0-9a-f]{12}" "by which trusted root"
	run 2 "a good bundle whose signer nobody named" $V --json "$S/a.txt" --evidence "$B"
	is "$(echo "$out" | python3 -c 'import json,sys; a=json.load(sys.stdin)["artifacts"][0]
print(len(a["evidence"]), a["unnamed"][0]["signer"]["issuer"])')" "0 $I" "as JSON: who it is, apart from what counts"
	run 0 "as JSON" $V --json "$S/a.txt" --evidence "$B" --certificate-identity-regexp '.*' \
		--certificate-oidc-issuer $I
	like "$out" '"log":"https://rekor.sigstore.dev","log_index":79571823,.*"time_by":"https://rekor' "says so, too"
	like "$out" '"trusted_root":\{"source":"built-in"' "and the trusted root"
	run 2 "another identity" $V "$S/a.txt" --evidence "$B" --certificate-identity x --certificate-oidc-issuer $I
	like "$out" "none of those who were named; to accept: --certificate-identity https://github.com" "who it is"
	cp "$S/a.txt" two.txt
	"$FIREBREAK" sign --format raw --key k.key two.txt >/dev/null
	run 0 "two signers" $V two.txt --beside --evidence "$B" --key k.pem --certificate-identity-regexp '.*' \
		--certificate-oidc-issuer $I
	like "$out" "signed at .* index 79571823 \(signature\)$" "says of which evidence the time is"
else
	skip "when and by whom a bundle was logged" "no ../shared/data"
fi
run 2 "of another file: a bare signature names nobody" $V d/f2.bin --evidence d/f1.bin.sig --key k.pem
if command -v minisign >/dev/null; then
	minisign -G -W -p m.pub -s m.key >/dev/null 2>&1
	minisign -S -s m.key -m d/f1.bin -t "release 1" >/dev/null 2>&1 </dev/null
	run 0 "minisign" $V d/f1.bin --evidence d/f1.bin.minisig --key m.pub
	like "$out" "release 1" "with its trusted comment"
	run 1 "minisign, of another file: a FAIL for the only artifact" $V d/f2.bin \
		--evidence d/f1.bin.minisig --key m.pub
	like "$out" "artifact.signature" "says so"
	run 2 "minisign, with several artifacts only for the one that it is named after" $V d/f2.bin \
		d/f3.bin --evidence d/f1.bin.minisig --key m.pub
	like "$out" "evidence.elsewhere" "a remark for the others"
	cp d/f2.bin d/sub/f1.bin
	run 1 "minisign, named after it" $V d/sub/f1.bin d/f1.bin --evidence d/f1.bin.minisig --key m.pub
	like "$out" "^1 PASS, 1 FAIL" "the right one passes, the other one fails"
	rm d/sub/f1.bin
	run 2 "minisign, by digest: needs BLAKE2b or the file" $V "sha256:$(sha256sum d/f1.bin | cut -d' ' -f1)" \
		--evidence d/f1.bin.minisig --key m.pub
	like "$out" "evidence.needs-file" "says so"
	run 0 "minisign, by BLAKE2b" $V "blake2b:$(b2sum d/f1.bin | cut -d' ' -f1)" \
		--evidence d/f1.bin.minisig --key m.pub
	rm d/f1.bin.minisig
else
	skip "minisign" "no minisign here"
fi
printf 'version: 1\nrequire: [signature]\nsigners: [o.pem]\n' >o.yaml
run 2 "a known key that the policy does not list" $V d/f1.bin --evidence d/f1.bin.sig --key k.pem --policy o.yaml
like "$out" "warn +signature.signer" "is worth a warning"
printf 'version: 1\nrequire: [signature, digest]\nsigners: [k.pem]\n' >k.yaml
run 2 "a policy that requires more" $V d/f1.bin --evidence d/f1.bin.sig --policy k.yaml
run 0 "and gets it" $V d/f1.bin --evidence d/f1.bin.sig --policy k.yaml \
	--expect "sha256:$(sha256sum d/f1.bin | cut -d' ' -f1)"

# ---- what was asked for on the command line

run 3 "an identity without issuer" $V d/f1.bin --certificate-identity a@b
like "$err" "certificate-oidc-issuer" "says what to add"
run 3 "an issuer without identity" $V d/f1.bin --certificate-oidc-issuer https://x
run 3 "two forms of an identity" $V d/f1.bin --certificate-identity a --certificate-identity-regexp b \
	--certificate-oidc-issuer https://x
run 3 "an expression that is none" $V d/f1.bin --certificate-identity-regexp '[' --certificate-oidc-issuer x
run 3 "an expression of another language" $V d/f1.bin --certificate-identity-regexp '\d+' --certificate-oidc-issuer x
run 3 "an expression that would leave its anchors" $V d/f1.bin --certificate-identity-regexp 'a)|(.*' \
	--certificate-oidc-issuer x
run 3 "an unknown need" $V d/f1.bin --require magic
run 3 "a summary of nobody" $V d/f1.bin --require vsa
run 3 "a version that is none" $V d/f1.bin --source-versioned-tag 1.x
run 3 "a version without package" $V d/f1.bin --package-version 1
run 5 "a closed list of signers and an identity" $V d/f1.bin --policy k.yaml --certificate-identity a \
	--certificate-oidc-issuer https://x
run 5 "a trusted root that is none" $V d/f1.bin --trusted-root k.pem
run 2 "--require signature" $V d/f1.bin --require signature
like "$out" "signature.none" "is missing"
run 2 "--source-uri demands a provenance" $V d/f1.bin --evidence d/f1.bin.sig --key k.pem --source-uri github.com/o/r
like "$out" "provenance.none" "is missing"

# ---- digests

run 5 "a weak digest" $V sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709
run 5 "half a digest" $V sha256:00
keypair e
provenance e https://b/x d/f1.bin >prov.json
run 0 "a provenance, by digest" $V "sha256:$(sha256sum d/f1.bin | cut -d' ' -f1)" --evidence prov.json --key e.pub
run 2 "anatomy cannot be had of a digest" $V "sha256:$(sha256sum d/f1.bin | cut -d' ' -f1)" \
	--evidence prov.json --key e.pub --require anatomy
run 2 "--digests" $V d/f1.bin --digests sha1,sha512,blake2b --json
like "$out" "\"blake2b\":\"[0-9a-f]{128}\",\"sha1\":\"[0-9a-f]{40}\",\"sha256\":" "are computed"
run 2 "without it" $V d/f1.bin --json
like "$out" "\"digests\":\{\"sha256\":\"[0-9a-f]{64}\"\}" "only what is needed"

# ---- patterns, folders, beside, many processes

run 0 "a pattern in quotes, evidence beside" $V 'd/f*.bin' --beside --key k.pem
like "$out" "^8 PASS, 0 FAIL, 0 UNKNOWN" "eight files"
run 5 "a pattern that matches nothing" $V 'd/x*'
run 0 "a folder" $V d --recursive --beside --key k.pem
like "$out" "^9 PASS" "and what is in it, without the evidence"
run 5 "a folder without --recursive" $V d
cp d/f1.bin d/tool.sig
run 2 "a file that is only named like evidence" $V d --recursive --beside --key k.pem
like "$out" "^9 PASS, 0 FAIL, 1 UNKNOWN" "is judged"
mv d/f1.bin.sig d/tool.sig
run 0 "one that is given as evidence" $V d --recursive --beside --key k.pem --evidence d/tool.sig
like "$out" "^9 PASS" "is not"
mv d/tool.sig d/f1.bin.sig
ln -s f2.bin d/link
run 2 "a link in a folder" $V d --recursive --beside --key k.pem
like "$out" "^9 PASS, 0 FAIL, 1 UNKNOWN" "is judged by what it leads to"
rm d/link
ln -s sub d/inside
run 0 "a link to a folder inside" $V d --recursive --beside --key k.pem
like "$out" "^9 PASS" "adds nothing"
rm d/inside
ln -s .. d/outside
run 5 "a link to a folder elsewhere" $V d --recursive --beside --key k.pem
like "$err" "outside: a directory" "is said"
rm d/outside
mkfifo d/pipe
run 5 "a pipe in a folder" $V d --recursive --beside --key k.pem
like "$err" "pipe: not a regular file" "is said"
rm d/pipe
printf x >>d/f5.bin
rm d/f7.bin.sig
for form in "" --json; do
	$V $form d --recursive missing --beside --key k.pem --jobs 1 >one.out 2>one.err
	rc=$?
	$V $form d --recursive missing --beside --key k.pem --jobs 7 >many.out 2>many.err
	is "$?" "$rc" "seven processes: the same exit code ${form:-text}"
	cmp one.out many.out && cmp one.err many.err
	rc=$?
	ok $rc "the same output, in the same order ${form:-text}"
	[ $rc -eq 0 ] || diff one.out many.out | sed "s|^|# |"
done
is "$(grep -c '"verdict":"PASS"' one.out)" 1 "it is one JSON object"
run 3 "no process is too few" $V d/f1.bin --jobs 0

# ---- SBOM against what is shipped

mkdir -p tree/app
echo lib >tree/app/lib.so
echo cfg >tree/app/cfg
tar -C tree -czf app.tgz app
bom() { # SHA256-of-lib
	printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"app.tgz","digest":{"sha256":"%s"}}],"predicateType":"https://cyclonedx.org/bom","predicate":{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"file","name":"app/lib.so","hashes":[{"alg":"SHA-256","content":"%s"}]},{"type":"file","name":"app/cfg","hashes":[{"alg":"SHA-256","content":"%s"}]}]}}' \
		"$(sha256sum app.tgz | cut -d' ' -f1)" "$1" "$(sha256sum tree/app/cfg | cut -d' ' -f1)"
}
envelope e "$(bom "$(sha256sum tree/app/lib.so | cut -d' ' -f1)")" >good.sbom
envelope e "$(bom "$(sha256sum d/f1.bin | cut -d' ' -f1)")" >bad.sbom
run 0 "a signed SBOM" $V app.tgz --evidence good.sbom --key e.pub --require sbom
run 0 "and what it names is what is shipped" $V app.tgz --evidence good.sbom --key e.pub --require sbom-contents
like "$out" "sbom.verified" "says so"
run 0 "an SBOM that is wrong about a file, where nobody looks" $V app.tgz --evidence bad.sbom --key e.pub --require sbom
run 1 "where somebody looks" $V app.tgz --evidence bad.sbom --key e.pub --require sbom-contents
like "$out" "sbom.mismatch" "says which"
run 2 "a digest has no contents" $V "sha256:$(sha256sum app.tgz | cut -d' ' -f1)" --evidence good.sbom \
	--key e.pub --require sbom-contents

tap_done
