#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# slsa: real attestations of GitHub, npm, Bazel and Google (../shared/data/trust/slsa), honest and
# dishonest: a table of file, options and verdict. Then our own summaries, both ways. About 10 s.

. "$(dirname "$0")/../support/tap.sh"
[ -n "$SHARED" ] && [ -d "$SHARED/trust/slsa" ] || skip_all "no ../shared/data/trust/slsa"
SELF=$TOP/tests/conformance/slsa.t
S=$SHARED/trust/slsa
V="$FIREBREAK verify"
NPM_KEYS=$SHARED/trust/root-signing/targets/registry.npmjs.org/keys.json
umask 022
cd "$TMP" || exit 1

GEN=https://github.com/slsa-framework/slsa-github-generator/.github/workflows
CONTAINER=$GEN/builder_container-based_slsa3.yml
TRW=https://github.com/slsa-framework/example-trw/.github/workflows/builder_high-perms_slsa3.yml
EXAMPLE=github.com/slsa-framework/example-package
GITHUB=https://token.actions.githubusercontent.com
rows=0

# row EXIT NAME ARTIFACT EVIDENCE OPTION...: one line of the table
row() {
	local want=$1 name=$2 artifact=$3 evidence=$4
	shift 4
	rows=$((rows + 1))
	run "$want" "$name" $V "$artifact" --evidence "$evidence" "$@"
}

# says REGEX: the last row's reason
says() {
	like "$out" "$1" "  $1"
}

# tampered FILE 'OLD=>NEW': the bundle with its statement edited and nothing signed again
tampered() {
	python3 - "$1" "$2" <<'EOF'
import base64, json, sys
d = json.load(open(sys.argv[1]))
e = d["dsseEnvelope"]
a, b = sys.argv[2].split("=>")
p = base64.b64decode(e["payload"]).decode()
assert a in p, a
e["payload"] = base64.b64encode(p.replace(a, b).encode()).decode()
print(json.dumps(d))
EOF
}

# ---- container-based generator, v1.7.0 and v1.10.0

for f in "$S"/gha_container-based/*/*.slsa "$S"/gha_container-based/*/*.sigstore; do
	a=$(sed 's/\.intoto\.\(build\.slsa\|sigstore\)$//' <<<"$f")
	version=$(basename "$(dirname "$f")")
	n="container $version $(basename "$a")"
	row 0 "$n" "$a" "$f" --builder-id "$CONTAINER" --source-uri $EXAMPLE
	row 0 "$n, its version" "$a" "$f" --builder-id "$CONTAINER@$version" --source-uri https://$EXAMPLE
	row 0 "$n, at least v1.7.0" "$a" "$f" --builder-id "$CONTAINER@>=v1.7.0"
	row 1 "$n, at least v1.10.1" "$a" "$f" --builder-id "$CONTAINER@>=v1.10.1"
	says provenance.builder-id
	row 1 "$n, another version" "$a" "$f" --builder-id "$CONTAINER@v1.6.0"
	row 2 "$n, another builder" "$a" "$f" --builder-id "$GEN/generator_generic_slsa3.yml"
	says evidence.unnamed
	row 1 "$n, another source" "$a" "$f" --builder-id "$CONTAINER" --source-uri github.com/evil/example-package
	says provenance.source
	row 2 "$n, another file" "$SELF" "$f" --builder-id "$CONTAINER"
	row 2 "$n, nobody named" "$a" "$f"
	says "evidence.unnamed: .*--certificate-identity $CONTAINER@refs/tags/$version"
	tampered "$f" 'example-package@=>example-packag0@' >bad.json
	row 1 "$n, statement changed" "$a" bad.json --builder-id "$CONTAINER"
	says "evidence.sigstore-"
	case $a in
	*-v14.2)
		row 0 "$n, tag" "$a" "$f" --builder-id "$CONTAINER" --source-tag v14.2
		row 0 "$n, version v14" "$a" "$f" --builder-id "$CONTAINER" --source-versioned-tag v14
		row 0 "$n, version v14.2" "$a" "$f" --builder-id "$CONTAINER" --source-versioned-tag v14.2
		row 0 "$n, version v14.2.0" "$a" "$f" --builder-id "$CONTAINER" --source-versioned-tag v14.2.0
		row 0 "$n, branch of the tag" "$a" "$f" --builder-id "$CONTAINER" --source-branch main
		row 1 "$n, another tag" "$a" "$f" --builder-id "$CONTAINER" --source-tag v14
		says provenance.tag
		row 1 "$n, version v14.1" "$a" "$f" --builder-id "$CONTAINER" --source-versioned-tag v14.1
		row 1 "$n, version v1" "$a" "$f" --builder-id "$CONTAINER" --source-versioned-tag v1
		row 1 "$n, another branch" "$a" "$f" --builder-id "$CONTAINER" --source-branch dev
		says provenance.branch
		;;
	*-workflow_dispatch)
		row 1 "$n, no tag" "$a" "$f" --builder-id "$CONTAINER" --source-tag v14.2
		row 0 "$n, branch" "$a" "$f" --builder-id "$CONTAINER" --source-branch main
		;;
	esac
done
a=$S/gha_container-based/v1.10.0/binary-linux-amd64-push-v14.2
row 0 "github-slsa3.yaml" "$a" "$a.intoto.build.slsa" --source-uri $EXAMPLE \
	--policy "$TOP/share/policies/github-slsa3.yaml"
row 1 "github-slsa3.yaml, another source" "$a" "$a.intoto.build.slsa" --source-uri github.com/evil/x \
	--policy "$TOP/share/policies/github-slsa3.yaml"

# ---- external parameters and dependencies

policy() { # LINE...
	printf '%s\n' 'version: 1' 'require: [provenance]' 'signers:' \
		"  - {identity: \"$CONTAINER@refs/tags/v1.10.0\", issuer: \"$GITHUB\"}" "$@" >p.yaml
	rows=$((rows + 1))
}
values() { # EXIT NAME LINE...
	local want=$1 name=$2
	shift 2
	policy "$@"
	run "$want" "$name" $V "$a" --evidence "$a.intoto.build.slsa" --policy p.yaml
}
values 0 "all parameters known" 'parameters: [source, builderImage, configPath, buildConfig]'
values 1 "one unknown" 'parameters: [source, builderImage, buildConfig]'
says 'provenance.parameter: external parameter /configPath'
values 0 "a nested one known by its path" \
	'parameters: [source, builderImage, configPath, /buildConfig/ArtifactPath, /buildConfig/Command]'
values 1 "a nested one unknown" \
	'parameters: [source, builderImage, configPath, /buildConfig/ArtifactPath]'
says 'provenance.parameter: external parameter /buildConfig/Command/0'
values 0 "a value" "parameters: [source, builderImage, buildConfig, {name: configPath, value: .github/configs-docker/config-tag-v14.2.toml}]"
values 1 "another value" "parameters: [source, builderImage, buildConfig, {name: configPath, value: other.toml}]"
values 0 "a nested value" "parameters: [source, builderImage, configPath, buildConfig, {name: /buildConfig/Command/0, value: [touch, cp]}]"
values 1 "a value that is not there" "parameters: [source, builderImage, configPath, buildConfig, {name: channel, value: stable}]"
values 0 "dependencies from GitHub only" 'dependencies: {only-from: ["git+https://github.com/slsa-framework/**"]}'
values 1 "dependencies from elsewhere only" 'dependencies: {only-from: ["git+https://github.com/slsa-framework/example-package@**"]}'
says provenance.dependency
values 0 "a dependency by digest" 'dependencies: {contain: [{digest: "sha1:d37a7f740ee7404914456f24dcd90e865a0509e8"}]}'
values 1 "another digest" 'dependencies: {contain: [{digest: "sha1:d37a7f740ee7404914456f24dcd90e865a0509e9"}]}'
values 0 "a claim of the certificate" "  - {identity-regexp: .*, issuer: $GITHUB, claims: {build-trigger: push}}"
values 0 "build type" "build-types: ['https://slsa.dev/container-based-build/v0.1?draft']"
values 1 "another build type" "build-types: ['https://slsa.dev/container-based-build/v0.1']"
printf '%s\n' 'version: 1' 'require: [provenance]' 'signers:' \
	"  - {identity-regexp: .*, issuer: $GITHUB, claims: {build-trigger: workflow_dispatch}}" >p.yaml
row 2 "a claim that the certificate does not make" "$a" "$a.intoto.build.slsa" --policy p.yaml

# ---- a builder of somebody else, called by the delegator

for f in "$S"/gha_delegator/*/*.slsa; do
	a=${f%.build.slsa}
	n="delegator $(basename "$a")"
	row 0 "$n" "$a" "$f" --builder-id "$TRW" --source-uri $EXAMPLE
	row 1 "$n, another version" "$a" "$f" --builder-id "$TRW@v1.9.0" --source-uri $EXAMPLE
	row 1 "$n, the delegator is not the builder" "$a" "$f" \
		--builder-id "$GEN/delegator_generic_slsa3.yml" --source-uri $EXAMPLE
	row 1 "$n, another source" "$a" "$f" --builder-id "$TRW" --source-uri github.com/slsa-framework/example
	row 0 "$n, by identity" "$a" "$f" --certificate-oidc-issuer $GITHUB \
		--certificate-identity "$GEN/delegator_generic_slsa3.yml@refs/tags/v1.10.0"
	row 2 "$n, by another identity" "$a" "$f" --certificate-oidc-issuer $GITHUB \
		--certificate-identity "$GEN/delegator_generic_slsa3.yml@refs/tags/v1.10.1"
	row 2 "$n, another issuer" "$a" "$f" --certificate-oidc-issuer https://accounts.google.com \
		--certificate-identity "$GEN/delegator_generic_slsa3.yml@refs/tags/v1.10.0"
	tampered "$f" '"sha256":"5891=>"sha256":"6891' >bad.json
	row 1 "$n, subject changed" "$a" bad.json --builder-id "$TRW"
done

# ---- Bazel

BCR=https://github.com/bazel-contrib
row 0 "bazel module" "$S/bcr/MODULE.bazel" "$S/bcr/MODULE.bazel.intoto.jsonl" \
	--builder-id $BCR/publish-to-bcr/.github/workflows/publish.yaml@v0.0.1 \
	--source-uri github.com/aspect-build/rules_lint
row 0 "bazel archive" "$S/bcr/rules_lint-v1.3.1.tar.gz" "$S/bcr/rules_lint-v1.3.1.tar.gz.intoto.jsonl" \
	--builder-id "$BCR/.github/.github/workflows/release_ruleset.yaml@v7.*" \
	--source-uri github.com/aspect-build/rules_lint
run 0 "bazel archive, evidence beside it" $V "$S/bcr/rules_lint-v1.3.1.tar.gz" --beside \
	--builder-id "$BCR/.github/.github/workflows/release_ruleset.yaml"
row 2 "bazel, signed by somebody else" "$S/bcr/MODULE-wrong-signer.bazel" \
	"$S/bcr/MODULE-wrong-signer.bazel.intoto.jsonl" \
	--builder-id $BCR/publish-to-bcr/.github/workflows/publish.yaml
says evidence.unnamed
row 1 "… whom somebody trusts: the certificate contradicts the statement" \
	"$S/bcr/MODULE-wrong-signer.bazel" "$S/bcr/MODULE-wrong-signer.bazel.intoto.jsonl" \
	--certificate-identity-regexp 'https://github\.com/loosebazooka/.*' \
	--certificate-oidc-issuer $GITHUB
says "provenance.certificate: .*builder"
says "provenance.certificate: .*source is"
row 2 "the archive's evidence is not the module's" "$S/bcr/MODULE.bazel" \
	"$S/bcr/rules_lint-v1.3.1.tar.gz.intoto.jsonl" \
	--builder-id "$BCR/.github/.github/workflows/release_ruleset.yaml"

# ---- npm: provenance by the workflow, publication by the registry's key

# swapped OPTION VALUE: o with another value for one option, in w
swapped() {
	local i
	w=("${o[@]}")
	for ((i = 0; i < ${#w[@]}; i += 2)); do
		[ "${w[i]}" != "$1" ] || w[i + 1]=$2
	done
}

npm() { # FILE SOURCE BUILDER NAME VERSION IDENTITY
	local f=$S/npm/gha/provenance-npm-test-$1
	local o=(--key "$NPM_KEYS" --package-name "$4" --package-version "$5" --source-uri "$2"
		--builder-id "$3" --certificate-oidc-issuer $GITHUB
		--certificate-identity-regexp "$6")
	row 0 "npm $1" "$f.tgz" "$f.tgz.json" "${o[@]}"
	row 1 "npm $1: provenance spoilt" "$f-invalidsigprov.tgz" "$f-invalidsigprov.tgz.json" "${o[@]}"
	says evidence.sigstore-signature
	row 1 "npm $1: publication spoilt" "$f-invalidsigpub.tgz" "$f-invalidsigpub.tgz.json" "${o[@]}"
	says evidence.sigstore-signature
	row 1 "npm $1: publication spoilt, key not given" "$f-invalidsigpub.tgz" \
		"$f-invalidsigpub.tgz.json" "${o[@]:2}"
	swapped --package-version 9.9.9
	row 1 "npm $1: another version" "$f.tgz" "$f.tgz.json" "${w[@]}"
	says "(provenance|evidence).package: .*9.9.9"
	swapped --package-name left-pad
	row 1 "npm $1: another package" "$f.tgz" "$f.tgz.json" "${w[@]}"
	swapped --source-uri github.com/evil/x
	row 1 "npm $1: another source" "$f.tgz" "$f.tgz.json" "${w[@]}"
	swapped --builder-id https://github.com/actions/runner/self-hosted
	row 1 "npm $1: another builder" "$f.tgz" "$f.tgz.json" "${w[@]}"
	printf x | cat "$f.tgz" - >spoilt.tgz
	row 2 "npm $1: another tarball" spoilt.tgz "$f.tgz.json" "${o[@]}"
	row 0 "npm $1: registry's signature alone" "$f.tgz" "$f.tgz.json" --key "$NPM_KEYS" \
		--require signature
	row 2 "npm $1: is no provenance" "$f.tgz" "$f.tgz.json" --key "$NPM_KEYS"
}
npm cli-v02-prega github.com/laurentsimon/provenance-npm-test https://github.com/actions/runner \
	@laurentsimon/provenance-npm-test 1.0.3 \
	'https://github\.com/laurentsimon/provenance-npm-test/\.github/workflows/release\.yml@refs/heads/main'
npm cli-v1-prega github.com/sigstore/sigstore-js https://github.com/actions/runner/github-hosted \
	sigstore 2.3.1 'https://github\.com/sigstore/sigstore-js/\.github/workflows/.*'
npm ossf github.com/laurentsimon/provenance-npm-test "$GEN/builder_nodejs_slsa3.yml@v1.6.0" \
	pkg:npm/@laurentsimon/provenance-npm-test 1.0.5 \
	"$GEN/delegator_lowperms-generic_slsa3\\.yml@refs/tags/v1\\.6\\.0"

f=$S/npm/gha/provenance-npm-test-cli-v1-prega
row 0 "npm: the runner's builder id names the source's workflows" "$f.tgz" "$f.tgz.json" \
	--builder-id https://github.com/actions/runner/github-hosted --source-uri github.com/sigstore/sigstore-js
row 2 "npm: of another source it names nobody here" "$f.tgz" "$f.tgz.json" \
	--builder-id https://github.com/actions/runner/github-hosted --source-uri github.com/sigstore/sigstore
run 3 "npm: without a source it names everybody, which is refused" $V "$f.tgz" \
	--builder-id https://github.com/actions/runner/github-hosted
row 0 "npm: by digest" "sha512:$(sha512sum "$f.tgz" | cut -d' ' -f1)" "$f.tgz.json" \
	--builder-id https://github.com/actions/runner/github-hosted --source-uri github.com/sigstore/sigstore-js
row 0 "npm.yaml" "$f.tgz" "$f.tgz.json" --policy "$TOP/share/policies/npm.yaml" --key "$NPM_KEYS" \
	--source-uri github.com/sigstore/sigstore-js --package-name sigstore

# ---- Google's verification summary

G=$S/vsa/gce/v1
GID=gce_image_id:8970095005306000053
GV=https://bcid.corp.google.com/verifier/bcid_package_enforcer/v0.1
GR=gce_image://gke-node-images:gke-12615-gke1418000-cos-101-17162-463-29-c-cgpv1-pre
vsa() { # EXIT NAME ARTIFACT OPTION...
	local want=$1 name=$2 artifact=$3
	shift 3
	row "$want" "$name" "$artifact" $G/gke-gce-pre.bcid-vsa.jsonl --key $G/vsa_signing_public_key.pem "$@"
}
vsa 0 "vsa" $GID --verifier-id $GV --resource-uri $GR --verified-level BCID_L1 \
	--verified-level SLSA_BUILD_LEVEL_2
vsa 0 "vsa: level 2 is level 1, too" $GID --verifier-id $GV --verified-level SLSA_BUILD_LEVEL_1
vsa 1 "vsa: level 3" $GID --verifier-id $GV --verified-level SLSA_BUILD_LEVEL_3
says vsa.level
vsa 1 "vsa: another verifier" $GID --verifier-id https://other.example
says vsa.verifier
vsa 1 "vsa: another resource" $GID --verifier-id $GV --resource-uri gce_image://x
says vsa.resource
vsa 2 "vsa: another image" gce_image_id:8970095005306000054 --verifier-id $GV
vsa 2 "vsa: counts only where it is asked for" $GID
says vsa.unasked
printf 'version: 1\nrequire: [vsa]\nvsa: {verifiers: ["%s"], max-age: 30d}\n' "$GV" >vsa.yaml
vsa 1 "vsa: too old" $GID --policy vsa.yaml
says vsa.stale
openssl ecparam -name prime256v1 -genkey -noout 2>/dev/null |
	openssl pkcs8 -topk8 -nocrypt -out other.key
openssl pkey -in other.key -pubout -out other.pem
row 2 "vsa: another key" $GID $G/gke-gce-pre.bcid-vsa.jsonl --key other.pem --verifier-id $GV

# ---- our own: written, read back, and verified by others

f=$S/bcr/MODULE.bazel
printf 'version: 1\nname: bcr\nrequire: [provenance]\nlevels: [SLSA_BUILD_LEVEL_3]\n' >p.yaml
printf 'signers:\n  - {identity-regexp: "https://github[.]com/bazel-contrib/.*", issuer: "%s"}\n' $GITHUB >>p.yaml
out_opts=(--sign-key other.key --report-as https://verifier.example/v1)
run 2 "three artifacts" $V --policy p.yaml "$f" "$S/bcr/rules_lint-v1.3.1.tar.gz" "$SELF" \
	--evidence "$f.intoto.jsonl" --evidence "$S/bcr/rules_lint-v1.3.1.tar.gz.intoto.jsonl" \
	--vsa-out vsa.jsonl --svr-out svr.jsonl "${out_opts[@]}"
is "$(wc -l <vsa.jsonl) $(wc -l <svr.jsonl)" "3 3" "one line an artifact"
python3 - <<'EOF'
import base64, json
rows = [json.loads(base64.b64decode(json.loads(l)["payload"])) for l in open("vsa.jsonl")]
assert [r["predicate"]["verificationResult"] for r in rows] == ["PASSED", "PASSED", "FAILED"]
assert rows[0]["predicate"]["verifiedLevels"] == ["SLSA_BUILD_LEVEL_3"]
assert rows[2]["predicate"]["verifiedLevels"] == ["FAILED"]
assert len(rows[0]["predicate"]["inputAttestations"]) == 1
assert set(rows[0]["predicate"]) >= {"verifier", "timeVerified", "resourceUri", "policy"}
rows = [json.loads(base64.b64decode(json.loads(l)["payload"])) for l in open("svr.jsonl")]
assert rows[0]["predicate"]["properties"] == ["SLSA_BUILD_LEVEL_3", "FIREBREAK_PROVENANCE"], rows[0]
assert rows[2]["predicate"]["properties"] == [], "nothing is claimed of an UNKNOWN"
EOF
ok $? "UNKNOWN is FAILED, and claims nothing"
row 0 "our summary" "$f" vsa.jsonl --key other.pem --verifier-id https://verifier.example/v1 \
	--verified-level SLSA_BUILD_LEVEL_2
row 1 "our summary of what did not pass" "$SELF" vsa.jsonl --key other.pem \
	--verifier-id https://verifier.example/v1
says artifact.vsa-failed
python3 - <<'EOF'
import base64, json
e = json.loads(open("vsa.jsonl").readline())
t, p = e["payloadType"].encode(), base64.b64decode(e["payload"])
open("pae", "wb").write(b"DSSEv1 %d %s %d %s" % (len(t), t, len(p), p))
open("sig", "wb").write(base64.b64decode(e["signatures"][0]["sig"]))
EOF
run 0 "openssl verifies it over the PAE" openssl dgst -sha256 -verify other.pem -signature sig pae
run 3 "no key, no report" $V "$f" --policy p.yaml --vsa-out x
run 3 "no policy, no summary" $V "$f" --vsa-out x "${out_opts[@]}"

# ---- a release channel whose policy names an identity

for p in alice bob; do
	openssl genpkey -algorithm ed25519 -out $p.key 2>/dev/null && openssl pkey -in $p.key -pubout -out $p.pub
done
export FIREBREAK_STATE=$TMP/state
run 0 "a channel" $FIREBREAK release init stable --policy p.yaml --owner team --person alice=alice.pub --person bob=bob.pub
run 0 "its gate takes the workflow's provenance" $FIREBREAK release publish stable 1.0 "$S/bcr/MODULE.bazel" \
	--evidence "$S/bcr/MODULE.bazel.intoto.jsonl"
run 2 "and holds what somebody else signed" $FIREBREAK release publish stable 1.1 "$S/bcr/MODULE-wrong-signer.bazel" \
	--evidence "$S/bcr/MODULE-wrong-signer.bazel.intoto.jsonl"

echo "# $rows rows in the table"
tap_done
