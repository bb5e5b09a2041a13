#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Verification is offline by construction: the whole Sigstore conformance suite in a network namespace
# that has no interface but a loopback that is down.
. "$(dirname "$0")/../support/tap.sh"

if [ "$OFFLINE_INSIDE" != 1 ]; then
	enter=(unshare -n)
	"${enter[@]}" true 2>/dev/null || enter=(unshare -r -n)
	"${enter[@]}" true 2>/dev/null || skip_all "no network namespaces (unshare -n is not permitted)"
	OFFLINE_INSIDE=1 BUILD=$BUILD exec "${enter[@]}" "$0"
fi

is "$(tail -n +3 /proc/net/dev | grep -vc '^ *lo:')" 0 "no interface but loopback"
is "$(tail -n +2 /proc/net/route | wc -l)" 0 "no route"
! (exec 3<>/dev/tcp/127.0.0.1/1) 2>"$TMP/connect"
ok $? "nothing can be connected to"
like "$(cat "$TMP/connect")" 'unreachable' "not even loopback"

suite=$(dirname "$0")/../conformance/sigstore.t
if [ -n "$SHARED" ] && [ -d "$SHARED/trust/sigstore" ]; then
	TESTDEPS=$TMP/none "$suite" >"$TMP/suite" 2>&1
	ok $? "the conformance suite passes here"
	is "$(grep -c '^not ok' "$TMP/suite")" 0 "without a failed check"
	bad=$(grep -c '_fail, by path (exit 1)' "$TMP/suite")
	good=$(grep -c ', by path (exit 0)' "$TMP/suite")
	cases=$(find "$SHARED/trust/sigstore" -name bundle.sigstore.json | wc -l)
	is "$((good + bad))" "$cases" "every case was run: $good good, $bad bad"
	grep '^not ok' "$TMP/suite" | sed 's/^/# /'
else
	skip "the conformance suite" "no ../shared/data/trust/sigstore"
fi
tap_done
