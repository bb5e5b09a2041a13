#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# verify through the CLI: real PE files and their spoilt copies, with osslsigncode beside it; keys of
# every kind made by openssl; real attestations; policies; bad input. About 10 seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/pe.sh"
umask 022
cd "$TMP" || exit 1
V="$FIREBREAK verify"
ANATOMY=$TOP/share/policies/anatomy.yaml
VENDOR=$TESTDEPS/npm/node_modules/electron-winstaller/vendor

sha() { # ALG FILE
	openssl dgst -"$1" -r "$2" | cut -d' ' -f1
}

# ---- real files

if [ -f "$VENDOR/signtool.exe" ]; then
	run 2 "signtool.exe: no evidence is UNKNOWN" $V "$VENDOR/signtool.exe"
	like "$out" "^UNKNOWN .*signtool.exe" "says so"
	like "$out" "anatomy +PASS" "anatomy PASS"
	like "$out" "Missing evidence:" "lists what is missing"
	like "$out" "provenance.none: " "provenance among it"
	like "$out" "signer.none: " "and a signer"
	like "$out" "sha256 +$(sha sha256 "$VENDOR/signtool.exe")" "its digest"
	run 2 "a policy that asks for anatomy only: anybody could have signed" $V --policy "$ANATOMY" \
		"$VENDOR/signtool.exe"
	like "$out" "anatomy.unanchored: .*Microsoft Corporation" "which is what is missing"
	"$BUILD/tests/conformance/ac_tool" cas "$VENDOR/signtool.exe" >cas.pem
	run 2 "with the CAs that signed it: SHA-1" $V --policy "$ANATOMY" --authenticode-roots cas.pem \
		"$VENDOR/signtool.exe"
	like "$out" "pe.chain.sha1: " "which does not count"
	run 0 "unless allowed" $V --policy "$ANATOMY" --authenticode-roots cas.pem --allow-sha1 \
		"$VENDOR/signtool.exe"
	like "$out" "holds for 2010-03-19" "at the time of its stamp"
	printf 'version: 1\nrequire: [anatomy]\nauthenticode:\n  roots: [cas.pem]\n  allow-sha1: true\n' >ac.yaml
	run 0 "the same by policy" $V --policy ac.yaml "$VENDOR/signtool.exe"
	run 5 "a policy's roots cannot be added to" $V --policy ac.yaml --authenticode-roots cas.pem \
		"$VENDOR/signtool.exe"

	cp "$VENDOR/signtool.exe" t.exe
	end=$(stat -c %s t.exe)
	stuff t.exe 1024
	run 1 "3CX: 1,024 bytes inside the table" $V t.exe
	like "$out" "anatomy +FAIL" "anatomy FAIL"
	like "$out" "pe.slack: 1029 bytes at offset $((end - 5)) " "names offset and length"
	run 1 "also under the anatomy policy" $V --policy "$ANATOMY" t.exe
	run 1 "--json" $V --json t.exe
	like "$out" "\"code\":\"pe.slack\".*\"length\":1029,\"offset\":$((end - 5))" "in JSON too"

	cp "$VENDOR/signtool.exe" t.exe
	grow t.exe 1024 101
	run 1 "1,024 bytes behind the table" $V t.exe
	like "$out" "pe.after-table: .* 1024 bytes at offset $end" "names offset and length"

	cp "$VENDOR/signtool.exe" t.exe
	grow t.exe 1024 0
	add32 t.exe $(($(pe_security_off t.exe) + 4)) 1024
	run 1 "only the directory entry grown" $V t.exe
	like "$out" "pe.entry-short: .* 1024 bytes at offset $end" "names offset and length"

	cp "$VENDOR/signtool.exe" t.exe
	flip t.exe 4096
	run 1 "one bit of the code flipped" $V t.exe
	like "$out" "pe.digest: changed after signing" "says so"

	cp "$VENDOR/signtool.exe" t.exe
	flip t.exe 64
	run 1 "one bit of the DOS stub flipped" $V t.exe
	cp "$VENDOR/signtool.exe" t.exe
	flip t.exe $((end - 1))
	run 1 "alignment that is not zero" $V t.exe
	like "$out" "pe.padding" "says so"
	cp "$VENDOR/signtool.exe" t.exe
	flip t.exe "$(pe_checksum_off t.exe)"
	run 0 "a wrong checksum only warns" $V --policy ac.yaml t.exe
	like "$out" "warn +pe.checksum" "it does"
	head -c $((end - 4)) "$VENDOR/signtool.exe" >t.exe
	run 1 "the last 4 bytes cut off" $V t.exe
	like "$out" "pe.table-beyond" "says so"

	n=$(ls "$VENDOR"/*.exe "$VENDOR"/*.dll | wc -l)
	run 2 "npm's $n PE files" $V "$VENDOR"/*.exe "$VENDOR"/*.dll
	like "$out" "^0 PASS, 0 FAIL, $n UNKNOWN" "no failure on any of them"
	is "$(grep -c '  (.* bytes, pe)$' <<<"$out")" "$n" "all seen as PE"
else
	skip "npm's PE files" "no electron-winstaller in $TESTDEPS"
fi

mapfile -t efi < <(find "$TESTDEPS/deb" -name '*.signed' -type f 2>/dev/null | sort)
if [ ${#efi[@]} -gt 0 ]; then
	for f in "${efi[@]}"; do # shim carries Debian's CA
		"$BUILD/tests/conformance/ac_tool" cas "$f"
	done >cas.pem
	run 0 "Debian's ${#efi[@]} signed EFI files" $V --policy "$ANATOMY" --authenticode-roots cas.pem "${efi[@]}"
	like "$out" "${#efi[@]} PASS, 0 FAIL, 0 UNKNOWN" "all pass"
	for f in "${efi[@]}"; do
		case $f in *shimx64*) ;; *) continue ;; esac
		out=$($V --json "$f")
		is "$(grep -o '"code":"pe.digest"' <<<"$out" | wc -l)" 4 "shim: two signatures, both proven"
		cp "$f" shim
		stuff shim 1024
		run 1 "3CX in shim: a grown first entry swallows the second" $V --policy "$ANATOMY" shim
		cp "$f" shim
		second=$(($(pe_table shim) + $(get32 shim "$(pe_table shim)")))
		grow shim 1024 101
		add32 shim $(($(pe_security_off shim) + 4)) 1024
		add32 shim "$second" 1024
		run 1 "3CX in the second entry" $V --policy "$ANATOMY" shim
		like "$out" "pe.slack: " "slack behind the second signature"
	done
else
	skip "Debian's signed EFI files" "none in $TESTDEPS"
fi

# ---- osslsigncode: an oracle on what is honest, and what it does not see

openssl req -x509 -newkey rsa:2048 -nodes -keyout code.key -out code.pem -days 3650 -sha256 \
	-subj "/CN=Firebreak test signer" -addext extendedKeyUsage=codeSigning 2>/dev/null
if command -v osslsigncode >/dev/null && [ -f "$VENDOR/rcedit.exe" ]; then
	ossl() {
		osslsigncode "$@" >ossl.out 2>&1
	}
	for h in sha1 sha256 sha384 sha512; do
		ossl sign -certs code.pem -key code.key -h $h -in "$VENDOR/rcedit.exe" -out $h.exe
		run 0 "signed by osslsigncode with $h" $V --policy "$ANATOMY" --authenticode-roots code.pem --allow-sha1 $h.exe
		like "$out" "authenticode +$h:" "the digest is $h"
		ossl verify -CAfile code.pem -in $h.exe
		ok $? "osslsigncode agrees"
	done
	ossl sign -certs code.pem -key code.key -h sha256 -nest -in sha1.exe -out nest.exe
	run 0 "a nested second signature" $V --json --policy "$ANATOMY" --authenticode-roots code.pem nest.exe
	is "$(grep -o 'Authenticode digest sha[0-9]*' <<<"$out" | sort -u | tr '\n' ' ')" \
		"Authenticode digest sha1 Authenticode digest sha256 " "both are checked"
	cp sha256.exe stuffed.exe
	stuff stuffed.exe 1024
	ossl verify -CAfile code.pem -in stuffed.exe
	ok $? "osslsigncode says ok to the 3CX shape"
	like "$(cat ossl.out)" "Signature verification: ok" "in words"
	run 1 "firebreak does not" $V --policy "$ANATOMY" stuffed.exe
	cp sha256.exe code.exe
	flip code.exe 8192
	ossl verify -CAfile code.pem -in code.exe
	ok $((!$?)) "osslsigncode sees a flipped bit"
	run 1 "and so do we" $V --policy "$ANATOMY" code.exe
else
	skip "osslsigncode as oracle" "no osslsigncode, or no rcedit.exe in $TESTDEPS"
fi

# ---- keys of every kind, statements of both versions

openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out p384.key 2>/dev/null
openssl genpkey -algorithm ED25519 -out ed25519.key 2>/dev/null
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
for k in p256 p384 ed25519 rsa; do
	openssl pkey -in $k.key -pubout -out $k.pem
	openssl pkey -in $k.key -pubout -outform DER -out $k.der
done
mkdir dist
printf 'an artifact\n' >dist/app.bin
SHA=$(sha sha256 dist/app.bin)
OTHER=$(sha sha256 p256.pem)
REPO=https://github.com/acme/app

v1() { # NAME SHA256 BUILDER
	printf '{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"%s","digest":{"sha256":"%s"}}],"predicateType":"https://slsa.dev/provenance/v1","predicate":{"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1","externalParameters":{"workflow":{"repository":"%s","ref":"refs/tags/v1.2","path":".github/workflows/b.yml"}},"resolvedDependencies":[{"uri":"git+%s@refs/tags/v1.2","digest":{"gitCommit":"0123456789abcdef0123456789abcdef01234567"}}]},"runDetails":{"builder":{"id":"%s"},"metadata":{"finishedOn":"2026-11-01T00:00:00Z"}}}}' \
		"$1" "$2" "$REPO" "$REPO" "$3"
}

v02() { # NAME SHA256 BUILDER
	printf '{"_type":"https://in-toto.io/Statement/v0.1","subject":[{"name":"%s","digest":{"sha256":"%s"}}],"predicateType":"https://slsa.dev/provenance/v0.2","predicate":{"builder":{"id":"%s"},"buildType":"https://example.com/b/v2","invocation":{"configSource":{"uri":"git+%s@refs/tags/v1.2","digest":{"sha1":"0123456789abcdef0123456789abcdef01234567"},"entryPoint":"b.yml"},"parameters":{}},"metadata":{"buildFinishedOn":"2026-11-01T00:00:00Z"},"materials":[{"uri":"git+%s@refs/tags/v1.2","digest":{"sha1":"0123456789abcdef0123456789abcdef01234567"}}]}}' \
		"$1" "$2" "$3" "$REPO" "$REPO"
}

# dsse KEY [KEYID]: stdin is the payload, stdout a one-line envelope. openssl does the signing.
dsse() {
	local type=application/vnd.in-toto+json hash=-sha256
	cat >payload
	{ printf 'DSSEv1 %d %s %d ' ${#type} $type "$(stat -c %s payload)" && cat payload; } >pae
	case $1 in
	ed25519) openssl pkeyutl -sign -inkey "$1.key" -rawin -in pae -out sig ;;
	p384) openssl dgst -sha384 -sign "$1.key" -out sig pae ;;
	*) openssl dgst $hash -sign "$1.key" -out sig pae ;;
	esac
	printf '{"payloadType":"%s","payload":"%s","signatures":[{"keyid":"%s","sig":"%s"}]}\n' $type \
		"$(base64 -w0 payload)" "$2" "$(base64 -w0 sig)"
}

BUILDER=https://b.example/hosted
for k in p256 p384 ed25519 rsa; do
	v1 app.bin "$SHA" $BUILDER | dsse $k >$k.v1
	v02 app.bin "$SHA" $BUILDER | dsse $k >$k.v02
	run 0 "$k key, SLSA v1" $V dist/app.bin --evidence $k.v1 --key $k.pem
	like "$out" "provenance.accepted: built by $BUILDER from $REPO" "builder and source"
	run 0 "$k key as DER, SLSA v0.2" $V dist/app.bin --evidence $k.v02 --key $k.der
	like "$out" "source ref +refs/tags/v1.2" "source ref"
	like "$out" "commit +sha1:0123456789abcdef" "commit"
done
openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sign code.key -out sig pae
printf '{"payloadType":"application/vnd.in-toto+json","payload":"%s","signatures":[{"sig":"%s"}]}' \
	"$(base64 -w0 payload)" "$(base64 -w0 sig)" >pss.v02
run 0 "a certificate as key, an RSA-PSS signature" $V dist/app.bin --evidence pss.v02 --key code.pem
run 2 "another key" $V dist/app.bin --evidence p256.v1 --key rsa.pem
like "$out" "signer who was named: 1 by unknown keys" "says why"
run 0 "any of the keys" $V dist/app.bin --evidence p256.v1 --key rsa.pem --key p256.pem
run 1 "another artifact of that name" $V "$(cp p256.pem app.bin && echo app.bin)" --evidence p256.v1 \
	--key p256.pem
like "$out" "artifact.replaced: .*$SHA.*$OTHER" "replaced after the build"
run 2 "another artifact of another name" $V p256.pem --evidence p256.v1 --key p256.pem
id=$(openssl dgst -sha256 -r p256.der | cut -d' ' -f1)
v1 app.bin "$SHA" $BUILDER | dsse rsa "$id" >forged
run 1 "a signature in another's name" $V dist/app.bin --evidence forged --key p256.pem
like "$out" "evidence.signature: signature 1 names key sha256:$id" "names the key"
v1 app.bin "$SHA" $BUILDER | dsse p256 "$id" >named
run 0 "a signature in its own name" $V dist/app.bin --evidence named --key p256.pem
cat rsa.v1 named ed25519.v02 >many.jsonl
run 0 "several envelopes, one a line" $V dist/app.bin --evidence many.jsonl --key p256.pem
like "$out" "evidence many.jsonl:2 sha256:$(sha sha256 many.jsonl)" "file, line and digest are named"

run 0 "--expect" $V dist/app.bin --expect "sha256:$SHA"
run 1 "--expect something else" $V dist/app.bin --expect "sha256:$OTHER"
run 3 "--expect by SHA-1" $V dist/app.bin --expect "sha1:$(sha sha1 dist/app.bin)"
run 3 "--expect of no form" $V dist/app.bin --expect "sha256:12"
run 3 "--expect for two files" $V dist/app.bin p256.pem --expect "sha256:$SHA"

# ---- policies

policy() { # LINES...: a policy that requires provenance
	printf 'version: 1\nrequire: [provenance]\n' >policy.yaml
	printf '%s\n' "$@" >>policy.yaml
}

E="dist/app.bin --evidence p256.v1 --key p256.pem --policy policy.yaml --clock 2026-11-22T00:00:00Z"
policy "builders: [$BUILDER]" "sources: [$REPO]" "refs: ['refs/tags/v1.*']" "parameters: [workflow]" \
	"max-age: 30d" "build-types: [https://actions.github.io/buildtypes/workflow/v1]"
run 0 "a policy that is met" $V $E
policy "builders: [https://b.example/other]"
run 1 "an unknown builder" $V $E
like "$out" "provenance.builder-id: builder $BUILDER " "says so"
policy "sources: [https://github.com/evil/app]"
run 1 "another source" $V $E
policy "refs: [refs/heads/main]"
run 1 "another ref" $V $E
policy "max-age: 7d"
run 1 "too old" $V $E
mkdir -p pol/keys
cp p256.pem pol/keys/
printf 'version: 1\nrequire: [provenance]\nsigners: [keys/p256.pem]\n' >pol/policy.yaml
run 0 "a signer's key beside the policy" $V dist/app.bin --evidence p256.v1 --policy pol/policy.yaml
run 1 "--key does not make a signer" $V dist/app.bin --evidence rsa.v1 --key rsa.pem --policy \
	pol/policy.yaml
like "$out" "provenance.signer: " "says so"
policy "signers: ['sha256:$id']"
run 0 "a signer by key id" $V dist/app.bin --evidence p256.v1 --key p256.pem --policy policy.yaml
run 2 "whose key is not given" $V dist/app.bin --evidence p256.v1 --policy policy.yaml
printf 'version: 1\nrequire: [anatomy, provenance]\n' >policy.yaml
run 2 "anatomy of a file that has none" $V $E
like "$out" "anatomy.none: " "is missing"
policy "colour: red"
run 5 "an unknown member" $V $E
like "$err" "policy.yaml:3:1: .*colour" "with file, line and column"
policy "signers: [keys/none.pem]"
run 5 "a key that is not there" $V $E
like "$err" "policy.yaml: signers: .*keys/none.pem" "says which"
run 5 "release.yaml is read up to its key" $V dist/app.bin --policy "$TOP/share/policies/release.yaml"
like "$err" "share/policies/keys/builder.pem" "which is yours to put there"

# ---- bad input

printf '{' >bad
run 1 "evidence cut short" $V dist/app.bin --evidence bad --key p256.pem
like "$out" "evidence.malformed: offset 1" "with its offset"
printf '{"payload":"","payload":""}' >bad
run 1 "a duplicate key" $V dist/app.bin --evidence bad
head -c 100000 /dev/zero | tr '\0' '[' >bad
run 1 "evidence 100,000 levels deep" $V dist/app.bin --evidence bad
printf '{"payload":"\xff"}' >bad
run 1 "evidence that is not UTF-8" $V dist/app.bin --evidence bad
head -c 4096 /dev/urandom >bad
run 1 "random bytes as evidence" $V dist/app.bin --evidence bad
run 5 "random bytes as key" $V dist/app.bin --key bad
run 5 "random bytes as policy" $V dist/app.bin --policy bad
head -c $((17 << 20)) /dev/zero >bad
run 1 "17 MiB of evidence" $V dist/app.bin --evidence bad
like "$out" "larger than 16777216 bytes" "are too many"
run 5 "evidence that is not there" $V dist/app.bin --evidence none
run 5 "a FIFO as evidence" $V dist/app.bin --evidence "$(mkfifo f1 && echo f1)"
many=$(for i in $(seq 65); do printf -- '--evidence p256.v1 '; done)
run 3 "65 files of evidence" $V dist/app.bin $many
many=$(for i in $(seq 33); do printf -- '--key p256.pem '; done)
run 3 "33 keys" $V dist/app.bin $many
run 5 "an artifact that is not there" $V none
run 5 "a directory" $V dist
mkfifo fifo
run 5 "a FIFO does not hang" $V fifo
run 1 "one that is not there does not hide a FAIL" $V --expect "sha256:$OTHER" dist/app.bin
run 5 "nor keep the others from being judged" $V none dist/app.bin
like "$out" "^UNKNOWN +dist/app.bin" "they are"
run 3 "no artifact" $V
run 5 "a device" $V /dev/null
: >empty
run 2 "an empty file" $V empty

# ---- real attestations

if [ -n "$SHARED" ]; then
	S=$SHARED/trust/slsa
	bad=0
	n=0
	while read -r e; do
		n=$((n + 1))
		$V --json empty --evidence "$e" >real.out
		rc=$?
		want=2
		[[ $e = *-invalidsig* ]] && want=1
		[ $rc -eq $want ] && ! grep -q evidence.malformed real.out || bad=$((bad + 1))
	done < <(find "$S" \( -name '*.json' -o -name '*.jsonl' -o -name '*.slsa' -o -name '*.sigstore' \))
	is "$bad of $n" "0 of $n" "every real attestation file is read; none of them makes a PASS"
	like "$n" "^[1-9][0-9]" "and there are some"
	run 2 "a Sigstore bundle about a stub" $V "$S/bcr/MODULE.bazel" --evidence \
		"$S/bcr/MODULE.bazel.intoto.jsonl"
	G=$S/vsa/gce/v1
	run 2 "Google's VSA with Google's key" $V empty --evidence "$G/gke-gce-pre.bcid-vsa.jsonl" --key \
		"$G/vsa_signing_public_key.pem"
	like "$out" "about other files \(1\)" "is a good signature about another artifact"
	python3 -c 'import base64, json, sys
k = json.load(open(sys.argv[1]))["keys"][1]
open("npm.der", "wb").write(base64.b64decode(k["publicKey"]["rawBytes"]))' \
		"$SHARED/trust/root-signing/targets/registry.npmjs.org/keys.json"
	for p in cli-v02-prega cli-v1-prega ossf; do
		f=$S/npm/gha/provenance-npm-test-$p
		run 2 "npm's publish attestation of $p" $V "$f.tgz" --evidence "$f.tgz.json" --key npm.der
		like "$out" "evidence.predicate: a signed statement about this file .*specs/publish/v0.1" \
			"is npm's, about this very file (by SHA-512)"
		run 1 "the same with a spoilt signature" $V "$f-invalidsigpub.tgz" --evidence \
			"$f-invalidsigpub.tgz.json" --key npm.der
		like "$out" "evidence.sigstore-signature: " "is forged"
	done
else
	skip "real attestations" "no ../shared/data"
fi

# ---- JSON, memory, documentation

run 3 "an error with --json" $V --json dist/app.bin p256.pem --expect "sha256:$OTHER"
like "$out" '^\{"error":\{.*"exit":3' "is JSON too"
run 0 "--json" $V --json dist/app.bin --evidence p256.v1 --policy pol/policy.yaml
python3 -c 'import json, sys
r = json.load(open(".out"))
a = r["artifacts"][0]
p = a["provenance"]
assert set(r) == {"artifacts", "errors", "policy", "trusted_root", "verdict"}, r.keys()
assert set(a) == {"anatomy", "artifact", "digests", "evidence", "provenance", "size", "unnamed", "missing", "reasons", "verdict"}
assert set(p) == {"build_type", "builder_id", "evidence", "signer", "source", "source_digest", "source_ref"}
assert r["verdict"] == a["verdict"] == "PASS" and a["anatomy"]["verdict"] == "UNKNOWN"
assert a["digests"]["sha256"] == sys.argv[1] and p["source"] == sys.argv[2]
assert p["source_digest"] == "gitCommit:0123456789abcdef0123456789abcdef01234567"
proven = [r for r in a["reasons"] if r["kind"] == "proven"]
assert [r["code"] for r in proven] == ["provenance.accepted"] and proven[0]["evidence"] == p["evidence"]
' "$SHA" "$REPO"
ok $? "has the members that docs/verify.md says"
run 5 "--json of one that is not there" $V --json none dist/app.bin
like "$out" '"errors":\[\{"artifact":"none","message":' "lists it under errors"
printf 'x' >"$(printf 'esc\033[31m')"
run 2 "a file with an escape sequence in its name" $V esc*
like "$out" '\\x1b\[31m' "shows it escaped"
is "$(grep -c "$(printf '\033')" <<<"$out")" 0 "no control character of a file's name reaches the terminal"

if [ -n "${SANITIZED:-}" ]; then
	skip "512 MiB under a limit of 128 MiB" "a sanitizer build"
else
	truncate -s 512M big
	cp "$VENDOR/signtool.exe" big.exe 2>/dev/null && truncate -s 300M big.exe
	(
		ulimit -v 131072
		$V big $([ -f big.exe ] && echo big.exe) >big.out 2>big.err
	)
	like "$?" '^[12]$' "512 MiB and a PE of 300 MiB are judged within 128 MiB of address space"
fi

codes=$(grep -ohE '"(artifact|anatomy|evidence|provenance|sbom|signature|signer|vsa|pe)\.[a-z.0-9-]+"' \
	"$TOP"/src/trust/*.c | tr -d '"' | grep -vE '\.(yaml|pem)$' | sort -u)
odd=$(sed -n '/_name(enum pe_anomaly_kind/,/^}/s/.*"\([a-z-]*\)".*/pe.\1/p' "$TOP/src/wire/pe.c" |
	grep -v 'pe\.none' | sort -u)
missing=
for c in $codes $odd; do
	grep -qF "\`$c\`" "$TOP/docs/verify.md" || missing="$missing $c"
done
is "$missing" "" "docs/verify.md lists all $(wc -w <<<"$codes $odd") reason codes"

tap_done
