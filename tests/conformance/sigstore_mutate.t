#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every single-bit flip and every truncation of every good Sigstore conformance case is refused, but
# for the bytes that sigstore.free lists, each with why. MUTATE=full takes every byte (minutes of CPU
# time); otherwise every MUTATE_STRIDE-th.
. "$(dirname "$0")/../support/tap.sh"

data=$SHARED/trust/sigstore
[ -n "$SHARED" ] && [ -d "$data" ] || skip_all "no ../shared/data/trust/sigstore"
tool=$BUILD/tests/conformance/sigstore_tool
here=$(dirname "$0")
export MUTATE_STRIDE=${MUTATE_STRIDE:-67}
[ "$MUTATE" = full ] && MUTATE_STRIDE=1

sed -n 's/^\([^#][^:]*\): .*/\1/p' "$here/sigstore.free" >"$TMP/listed"
: >"$TMP/seen"
flips=0 refused=0 cuts=0 cuts_refused=0

# free CASE < output of the tool: are all the paths in the list?
free() {
	sed -n 's/^free *//p' | tee -a "$TMP/seen" | grep -vxFf "$TMP/listed" >"$TMP/new"
	[ ! -s "$TMP/new" ]
	ok $? "$1: what is accepted is listed"
	sed 's/^/# not listed: /' "$TMP/new"
}

for dir in "$data"/*/; do
	dir=${dir%/}
	name=${dir##*/}
	case $name in *_fail) continue ;; esac
	root=$data/production_trusted_root.json
	[ -f "$dir/trusted_root.json" ] && root=$dir/trusted_root.json
	key=()
	[ -f "$dir/key.pub" ] && key=(--key "$dir/key.pub")
	run 0 "$name" "$tool" mutate --bundle "$dir/bundle.sigstore.json" --trusted-root "$root" \
		"${key[@]}" "$data/a.txt"
	free "$name" <<<"$out"
	read -r f r c cr < <(echo "$out" | sed -n \
		's/flips \([0-9]*\) refused \([0-9]*\) .*cuts \([0-9]*\) refused \([0-9]*\) .*/\1 \2 \3 \4/p')
	flips=$((flips + f)) refused=$((refused + r)) cuts=$((cuts + c)) cuts_refused=$((cuts_refused + cr))
	# A truncation is only accepted where white space at the end was cut.
	size=$(stat -c %s "$dir/bundle.sigstore.json")
	tail=$(tail -c 64 "$dir/bundle.sigstore.json" | sed -z 's/.*[^ \t\r\n]//' | wc -c)
	late=$(echo "$out" | sed -n 's/^cut at \([0-9]*\) of .*/\1/p' | awk -v n=$((size - tail)) '$1 < n' | wc -l)
	is "$late" 0 "$name: no truncation inside the text is accepted"
done
echo "# stride $MUTATE_STRIDE: $flips flips, $refused refused, $((flips - refused)) of listed bytes;" \
	"$cuts truncations, $cuts_refused refused"

# The list is about something: each of these changes is accepted.
accepts() { # NAME CASE SED [KEY]
	sed -e "$3" "$data/$2/bundle.sigstore.json" >"$TMP/b.json"
	! cmp -s "$TMP/b.json" "$data/$2/bundle.sigstore.json"
	ok $? "$1: changed"
	local root=$data/production_trusted_root.json
	[ -f "$data/$2/trusted_root.json" ] && root=$data/$2/trusted_root.json
	run 0 "$1: free" "$tool" verify --bundle "$TMP/b.json" --trusted-root "$root" ${4:+--key "$4"} \
		"$data/a.txt"
}
accepts "key hint" managed-key-happy-path 's/"hint": *"T/"hint":"U/' "$data/managed-key-happy-path/key.pub"
accepts "DSSE keyid" happy-path-intoto-in-dsse-v3 's/"sig": *"/"keyid":"anything","sig":"/'
accepts "witness line" rekor2-dsse-happy-path 's/witness.stagemole.eu Z/witness.stagemole.eu Y/'
accepts "integratedTime without promise" rekor2-happy-path 's/"logIndex"/"integratedTime":"12345","logIndex"/'
tap_done
