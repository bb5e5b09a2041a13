#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Proof verification against other people's vectors: transparency-dev/merkle, 36 good and 482 bad.
. "$(dirname "$0")/../support/tap.sh"

vectors=$SHARED/trust/merkle
[ -n "$SHARED" ] && [ -d "$vectors" ] || skip_all "no ../shared/data/trust/merkle"
tool=$BUILD/tests/conformance/merkle_vectors

while read -r kind good bad by_length; do
	find "$vectors/$kind" -name '*.json' | sort >"$TMP/list"
	run 0 "$kind: every vector agrees" "$tool" "$TMP/list"
	is "$out" "good $good bad $bad wrong 0 by-length $by_length" "$kind: $good good, $bad bad"
done <<END
inclusion 6 92 1
consistency 6 92 0
subtreeinclusion 12 192 2
subtreeconsistency 12 106 0
END

# The reader must not be what refuses: a good vector with one bit changed is refused too.
good=$vectors/inclusion/1/happy-path.json
sed 's/"leafIdx": 0/"leafIdx": 1/' "$good" >"$TMP/inclusion.json"
mkdir "$TMP/inclusion" && mv "$TMP/inclusion.json" "$TMP/inclusion/x.json"
echo "$TMP/inclusion/x.json" >"$TMP/list"
run 1 "a changed good vector is told apart" "$tool" "$TMP/list"
like "$out" 'x.json: result 1' "and named"
tap_done
