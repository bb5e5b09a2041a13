#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Sigstore's own conformance cases (sigstore/sigstore-conformance): each by path and by digest through
# tools/sigstore-conformance, each _fail case for its own reason, and agreement with npm's
# @sigstore/verify. A case that the table does not know is judged by its name alone.
. "$(dirname "$0")/../support/tap.sh"

data=${SIGSTORE_CASES:-$SHARED/trust/sigstore}
[ -n "$SHARED$SIGSTORE_CASES" ] && [ -d "$data" ] || skip_all "no ../shared/data/trust/sigstore"
tool=$BUILD/tests/conformance/sigstore_tool
adapter=$TOP/tools/sigstore-conformance
export FIREBREAK FIREBREAK_STATE=$TMP/state
identity=https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main
issuer=https://token.actions.githubusercontent.com

# The reason that a case is about, as README in its folder has it.
declare -A reason
while read -r name code; do
	reason[$name]=$code
done <<'END'
bundle-empty-certificate-chain_fail evidence.sigstore-material
bundle-from-wrong-instance_fail evidence.sigstore-log-unknown
bundle-malformed-json_fail evidence.sigstore-malformed
bundle-negative-log-index_fail evidence.sigstore-malformed
bundle-with-root-cert_fail evidence.sigstore-material
checkpoint-wrong-roothash_fail evidence.sigstore-checkpoint-tree
dsse-invalid-sig_fail evidence.sigstore-signature
dsse-mismatch-sig_fail evidence.sigstore-entry-signature
inclusion-proof-corrupted-hash_fail evidence.sigstore-proof
incorrect-public-key_fail evidence.sigstore-promise
intoto-expired-certificate_fail evidence.sigstore-chain-window
intoto-log-entry-mismatch_fail evidence.sigstore-entry-signature
intoto-set-outside-signing-cert-validity_fail evidence.sigstore-chain-window
intoto-tsa-timestamp-outside-cert-validity_fail evidence.sigstore-chain-window
invalid-checkpoint-signature_fail evidence.sigstore-checkpoint
invalid-ct-key_fail evidence.sigstore-sct
managed-key-wrong-key_fail key
message-digest-mismatch_fail evidence.sigstore-artifact-digest
rekor2-checkpoint-missing-log-signature_fail evidence.sigstore-checkpoint-form
rekor2-checkpoint-missing-origin_fail evidence.sigstore-checkpoint
rekor2-checkpoint-missing-size_fail evidence.sigstore-checkpoint
rekor2-dsse-invalid-sig_fail evidence.sigstore-signature
rekor2-dsse-mismatch-sig_fail evidence.sigstore-entry-signature
rekor2-no-timestamp_fail evidence.sigstore-no-time
rekor2-timestamp-outside-trust-root-tsa-validity_fail evidence.sigstore-timestamp-window
rekor2-timestamp-payload-mismatch_fail evidence.sigstore-timestamp-imprint
rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail evidence.sigstore-timestamp-untrusted
set-invalid-signature_fail evidence.sigstore-promise
trust-root-tlog-missing-validity-start_fail root
wrong-hashedrekord-artifact_fail evidence.sigstore-entry-signature
wrong-hashedrekord-cert-and-sig_fail evidence.sigstore-entry-signature
wrong-material_fail evidence.sigstore-artifact-digest
END
# incorrect-public-key: the key stands in what the promise signs, so the promise is what breaks.
# checkpoint-missing-*: without its line the text is not the one that was signed.
# wrong-hashedrekord-artifact: the other artifact has another signature, which is compared first.

# case_of DIR: sets $artifact, $root, $signer (for the adapter), $short (for the tool)
case_of() {
	artifact=$data/a.txt
	[ -f "$1/artifact" ] && artifact=$1/artifact
	root=$data/production_trusted_root.json
	[ -f "$1/trusted_root.json" ] && root=$1/trusted_root.json
	local id=$identity is=$issuer
	[ -f "$1/identity" ] && id=$(cat "$1/identity")
	[ -f "$1/issuer" ] && is=$(cat "$1/issuer")
	signer=(--certificate-identity "$id" --certificate-oidc-issuer "$is")
	short=(--identity "$id" --issuer "$is")
	[ -f "$1/key.pub" ] && signer=(--key "$1/key.pub") && short=(--key "$1/key.pub")
}

declare -A got
table=''
for dir in "$data"/*/; do
	dir=${dir%/}
	name=${dir##*/}
	case_of "$dir"
	want=0
	case $name in *_fail) want=1 ;; esac
	sum=$(sha256sum "$artifact")
	run $want "$name, by path" "$adapter" verify-bundle --bundle "$dir/bundle.sigstore.json" \
		"${signer[@]}" --trusted-root "$root" "$artifact"
	run $want "$name, by digest" "$adapter" verify-bundle --bundle "$dir/bundle.sigstore.json" \
		"${signer[@]}" --trusted-root "$root" "sha256:${sum%% *}"
	words=$("$tool" verify --bundle "$dir/bundle.sigstore.json" "${short[@]}" \
		--trusted-root "$root" "$artifact" 2>&1)
	code=${words%% *}
	case $words in *key.pub*) code=key ;; esac
	if [ $want -eq 0 ]; then
		is "$code" good "$name: the library agrees"
	elif [ -n "${reason[$name]}" ]; then
		is "$code" "${reason[$name]}" "$name: for its own reason"
	else
		[ "$code" != good ]
		ok $? "$name: the library agrees ($code)"
	fi
	got[$name]=$([ "$code" = good ] && echo good || echo bad)
	table+=$(printf '# %-54s %-4s %s' "$name" "${got[$name]}" "$code")$'\n'
done
printf '# %-54s %-4s %s\n%s' case verdict reason "$table"

# The public instance's root that is built in is the one that the cases mean.
run 0 "the built-in root verifies, too" "$adapter" verify-bundle \
	--bundle "$data/happy-path-v0.3/bundle.sigstore.json" --certificate-identity "$identity" \
	--certificate-oidc-issuer "$issuer" "$data/a.txt"
run 1 "another identity" "$adapter" verify-bundle --bundle "$data/happy-path-v0.3/bundle.sigstore.json" \
	--certificate-identity "${identity}x" --certificate-oidc-issuer "$issuer" "$data/a.txt"
run 1 "another issuer" "$adapter" verify-bundle --bundle "$data/happy-path-v0.3/bundle.sigstore.json" \
	--certificate-identity "$identity" --certificate-oidc-issuer "$issuer/" "$data/a.txt"
run 1 "a key for a bundle with a certificate" "$adapter" verify-bundle --key \
	"$data/managed-key-happy-path/key.pub" --bundle "$data/happy-path-v0.3/bundle.sigstore.json" "$data/a.txt"
run 1 "--staging without a root says what is missing" "$adapter" verify-bundle --staging --key x \
	--bundle x x
like "$err" 'no staging root is shipped' "in words"
run 1 "sign-bundle is not offered" "$adapter" sign-bundle --identity-token x --bundle x x
like "$err" 'not offered' "in words"
run 1 "an option that nobody knows" "$adapter" verify-bundle --nope x
run 1 "no signer" "$adapter" verify-bundle --bundle x x

# ---- npm @sigstore/verify ----
modules=$TESTDEPS/npm/node_modules
if ! command -v node >/dev/null || [ ! -d "$modules/@sigstore/verify" ]; then
	skip "agreement with @sigstore/verify" "no node or no $modules/@sigstore/verify"
	tap_done
	exit
fi
# Where it is known to be wrong, and why.
declare -A wrong=(
	[trust-root-tlog-missing-validity-start_fail]="takes a missing start for the beginning of time"
	[rekor2-dsse-happy-path]="compares Hash(payload), not Hash(PAE) (rekor-v2-spec 6.1.4)"
)
node "$(dirname "$0")/sigstore-peer.cjs" "$modules" check "$data" "$identity" "$issuer" >"$TMP/peer"
agree=0 differ=0
while read -r name verdict words; do
	if [ "$verdict" = "${got[$name]}" ]; then
		agree=$((agree + 1))
		continue
	fi
	differ=$((differ + 1))
	[ -n "${wrong[$name]}" ]
	ok $? "@sigstore/verify differs on $name, where it ${wrong[$name]:-$words}"
done <"$TMP/peer"
echo "# @sigstore/verify: agrees on $agree cases, differs on $differ"
is "$(wc -l <"$TMP/peer")" "${#got[@]}" "it saw every case"
for name in "${!wrong[@]}"; do
	[ -z "${got[$name]}" ] || ! grep -q "^$name ${got[$name]}" "$TMP/peer"
	ok $? "the known difference on $name is still one"
done
tap_done
