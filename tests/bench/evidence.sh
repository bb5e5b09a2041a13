#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# evidence.sh [BUILD]: Sigstore bundles beside npm's @sigstore/verify, one verification from the shell
# beside "openssl dgst -verify", SHA-256 beside "openssl speed", many artifacts on one and on all
# cores: in the same run on the same machine. CPU time, so that a busy machine disturbs less.
BUILD=${1:-${BUILD:-$(dirname "$0")/../../build}}
. "$(dirname "$0")/../support/tap.sh"
bench=$BUILD/tests/bench/bench_evidence
data=$SHARED/trust/sigstore
modules=$TESTDEPS/npm/node_modules
identity=https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main
issuer=https://token.actions.githubusercontent.com
export FIREBREAK_STATE=$TMP/state

ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }
row() { printf '  %-34s %10s %10s   %s\n' "$@"; }

if [ -n "$SHARED" ] && [ -d "$data" ]; then
	echo "bundles per CPU-second, root read once:"
	row "" ours npm "ratio (wanted: 8)"
	for name in happy-path-v0.3 happy-path-intoto-in-dsse-v3 rekor2-happy-path rekor2-dsse-happy-path; do
		root=$data/production_trusted_root.json
		[ -f "$data/$name/trusted_root.json" ] && root=$data/$name/trusted_root.json
		files=("$data/$name/bundle.sigstore.json" "$root" "$data/a.txt")
		ours=$("$bench" bundles 1.5 "${files[@]}")
		peer=$(node "$TOP/tests/conformance/sigstore-peer.cjs" "$modules" loop 1.5 "${files[@]}" 2>/dev/null) ||
			peer=
		if [ -n "$peer" ]; then
			row "$name" "$ours" "$peer" "$(ratio "$ours" "$peer")"
		else
			row "$name" "$ours" - "- (@sigstore/verify is not there or refuses it)"
		fi
	done

	echo "one verification from the shell, milliseconds (CPU mean, least wall of 60):"
	openssl ecparam -name prime256v1 -genkey -noout -out "$TMP/k.pem"
	openssl ec -in "$TMP/k.pem" -pubout -out "$TMP/k.pub" 2>/dev/null
	openssl dgst -sha256 -sign "$TMP/k.pem" -out "$TMP/sig" "$data/a.txt"
	read -r ocpu owall < <("$bench" runs 60 openssl dgst -sha256 -verify "$TMP/k.pub" \
		-signature "$TMP/sig" "$data/a.txt")
	read -r cpu wall < <("$bench" runs 60 "$FIREBREAK" verify --evidence \
		"$data/happy-path-v0.3/bundle.sigstore.json" --require signature \
		--certificate-identity "$identity" --certificate-oidc-issuer "$issuer" "$data/a.txt")
	row "" CPU wall "ratio of CPU, of wall (wanted: at most 2)"
	row "openssl dgst -verify" "$ocpu" "$owall" ""
	row "firebreak verify BUNDLE" "$cpu" "$wall" "$(ratio "$cpu" "$ocpu") $(ratio "$wall" "$owall")"
else
	echo "# no ../shared/data/trust/sigstore: only the forged instance"
	"$bench"
fi

echo "SHA-256 of a file of 256 MiB, MB per second:"
head -c 268435456 /dev/zero | openssl enc -aes-128-ctr -nosalt -K 00 -iv 00 2>/dev/null >"$TMP/big"
peer=$(openssl speed -evp sha256 -bytes 1048576 -seconds 2 2>/dev/null | tail -n 1 | grep -o '[0-9.]*k' | tail -n 1)
peer=$(awk -v k="${peer%k}" 'BEGIN { printf "%.1f", k / 1000 }')
ours=$("$bench" sha256 "$TMP/big")
row "hash_fd, openssl speed" "$ours" "$peer" "$(ratio "$ours" "$peer") (reads and hashes in one thread)"
sum=$(sha256sum "$TMP/big")
read -r cpu wall < <("$bench" runs 8 "$FIREBREAK" verify --jobs 1 --expect "sha256:${sum%% *}" "$TMP/big")
ours=$(awk -v ms="$wall" 'BEGIN { printf "%.1f", 268435.456 / ms }')
row "firebreak verify, least wall" "$ours" "$peer" "$(ratio "$ours" "$peer") (reads ahead; wanted: 0.95)"

echo "48 artifacts of 8 MiB, seconds of wall time:"
mkdir "$TMP/many"
split -b 8M -d -a 3 "$TMP/big" "$TMP/many/a."
for f in "$TMP"/many/a.0[0-1]?; do cp "$f" "$TMP/many/b${f##*.}"; done
wall() {
	local a=$EPOCHREALTIME
	"$FIREBREAK" verify --jobs "$1" "$TMP"/many/* >/dev/null 2>&1
	awk -v a="$a" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.3f", b - a }'
}
wall 1 >/dev/null
one=$(wall 1) all=$(wall "$(nproc)")
row "1 process, $(nproc) processes" "$one" "$all" "$(ratio "$one" "$all") times as fast"

# The other evidence engines beside their peers; each says so when its peer is not there.
here=$(dirname "$0")
for b in intoto tuf debian; do
	[ -x "$here/$b.sh" ] || continue
	echo "$b:"
	BUILD=$(cd "$BUILD" && pwd) "$here/$b.sh" | sed 's/^/  /'
done
