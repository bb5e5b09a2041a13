#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The state document, as a client sees it: no state directory, no network, only the document, the key
# and the clock.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"

S=$TMP/state
cd "$TMP" || exit 1
fb() { "$FIREBREAK" "$@" --state "$S"; }
at() { local t=$1; shift; "$FIREBREAK" "$@" --state "$S" --clock "$t"; }
# A client: its state directory does not exist and must not come to.
client() { "$FIREBREAK" release check "$@" --state "$TMP/nowhere"; }
field() { printf '%s' "$out" | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }

for k in alice bob builder; do keypair $k || exit 1; done
printf 'version: 1\nrequire: [provenance]\nsigners: [builder.pub]\n' >policy.yaml
for v in 1 2; do
	mkdir v$v
	printf 'application %s\n' $v >v$v/app
	printf 'library\n' >v$v/lib # the same in both
	provenance builder https://ci.example v$v/app v$v/lib >v$v.json
done
T=2030-01-01T00:00:00Z
at $T release init stable --policy policy.yaml --owner team --valid 2d \
	--person alice=alice.pub --person bob=bob.pub || exit 1
at $T release init beta --policy policy.yaml --owner team 2>/dev/null || exit 1
K="--vkey $S/keys/ledger.vkey --clock 2030-01-02T00:00:00Z"

# ---- good documents
at $T release state stable --out empty.json || exit 1
run 0 "no release yet" client empty.json $K
run 1 "so nothing belongs to it" client empty.json $K --artifact v1/app
like "$out" "there is none" "says so"
at $T release publish stable 1.0 v1/app v1/lib --evidence v1.json >/dev/null || exit 1
run 0 "state" at $T release state stable --out s1.json
is "$(tail -c 1 s1.json)" "" "ends in a line end"
run 0 "state on stdout" at $T release state stable
is "$out" "$(cat s1.json)" "is the same document"
cmp -s s1.json "$S/channels/stable.state.json"
ok $? "publish left the same one in the state directory"
run 0 "check" client s1.json $K --channel stable --min-version 3 --artifact v1/app --artifact v1/lib
like "$out" "^PASS  stable is active, current release 1.0 \(document version 3, valid until 2030-01-03T00:00:00Z\)" "says what it is"
run 0 "check as JSON" client s1.json $K --json
is "$(field version)$(field state)$(field verdict)" "1.0activePASS" "fields"
sed -n 's/.*"payload":"\([^"]*\)".*/\1/p' s1.json | base64 -d >payload.json
like "$(cat payload.json)" '"artifacts":\[\{"name":"app","sha256":"sha256:'"$(sha256sum v1/app | cut -c1-64)"'","size":14\}' "payload: artifacts"
like "$(cat payload.json)" '"checkpoint":"firebreak.local/ledger/[0-9a-f]{16}\\n3\\n' "payload: checkpoint of that size"
openssl pkey -in "$S/keys/ledger.key" -pubout -out ledger.pem 2>/dev/null
run 0 "with the key in PEM" client s1.json --key ledger.pem --clock $T
[ ! -e "$TMP/nowhere" ]
ok $? "a client's check makes no state"

# ---- what it must refuse: exit 1, with the reason
no() { # REGEX NAME ARGUMENTS...
	local words=$1 name=$2
	shift 2
	run 1 "$name" client "$@"
	like "$out" "^FAIL" "$name: FAIL"
	like "$out" "fail +.*$words" "$name: $words"
	is "$err" "" "$name: nothing on stderr"
}
no "app is not in the current release 1.0" "another artifact" s1.json $K --artifact v2/app
no "it expired at 2030-01-03T00:00:00Z" "expired" s1.json --vkey "$S/keys/ledger.vkey" --clock 2030-01-03T00:00:00Z
run 0 "a second before" client s1.json --vkey "$S/keys/ledger.vkey" --clock 2030-01-02T23:59:59Z
no "yet to come" "from the future" s1.json --vkey "$S/keys/ledger.vkey" --clock 2029-12-31T23:54:59Z
run 0 "within what clocks may differ" client s1.json --vkey "$S/keys/ledger.vkey" --clock 2029-12-31T23:55:00Z
no "it is version 3, and version 4 was seen" "an older version" s1.json $K --min-version 4
no "it speaks of channel stable, not of beta" "another channel" s1.json $K --channel beta
no "another key" "another key" s1.json --key alice.pub --clock $T
sed 's/"keyid":"[0-9a-f]*"/"keyid":"'"$(printf '0%.0s' {1..64})"'"/' s1.json >k.json
no "another key" "another key id" k.json $K
sig=$(sed -n 's/.*"sig":"\([^"]*\)".*/\1/p' s1.json)
sed "s|$sig|$(printf '\0%.0s' {1..64} | base64 -w0)|" s1.json >k.json
no "not good" "another signature" k.json $K
sed "s|\"payload\":\"[^\"]*\"|\"payload\":\"$(sed 's/active/activf/' payload.json | base64 -w0)\"|" s1.json >k.json
no "not good" "another payload" k.json $K

# ---- malformed: exit 5, one line, with the file
bad() { # REGEX NAME FILE
	run 5 "$2" client "$3" $K
	like "$err" "release check: $3: .*$1" "$2: $1"
	[ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] && [ -z "$out" ]
	ok $? "$2: one line"
}
: >none.json
bad "" "empty" none.json
head -c 100 s1.json >cut.json
bad "offset 100" "cut" cut.json
cat s1.json s1.json >twice.json
bad "offset" "twice" twice.json
(cat s1.json; echo) >line.json
bad "" "a second line end" line.json
sed 's/{"payload"/{ "payload"/' s1.json >space.json
bad "canonical" "not canonical" space.json
sed 's/channel-state.v1/channel-state.v2/' s1.json >type.json
bad "payloadType" "another type" type.json
sed 's/"payload":/"extra":1,"payload":/' s1.json >extra.json
bad "" "a member too many" extra.json
printf '%0100d' 0 | tr 0 '[' >deep.json
bad "" "deeply nested" deep.json
head -c 5000 /dev/urandom >random.json
bad "" "random bytes" random.json
run 5 "no such file" client nothing.json $K
run 5 "a key that is none" client s1.json --vkey policy.yaml
like "$err" "policy.yaml: " "names it"
run 3 "no key" client s1.json
run 3 "two keys" client s1.json $K --key ledger.pem
run 3 "a version that is none" client s1.json $K --min-version x

# ---- frozen, rolled back, withdrawn
at $T release publish stable 2.0 v2/app v2/lib --evidence v2.json >/dev/null || exit 1
at $T release freeze stable --reason "bytes that nobody built" --owner alice --expires 7d >/dev/null
cp "$S/channels/stable.state.json" s2.json
no "frozen since 2030-01-01T00:00:00Z: bytes that nobody built" "frozen" s2.json $K --artifact v2/app
no "it is version 3, and version 5" "the state from before the freeze, to who saw the freeze" s1.json $K --min-version 5
at $T release rollback stable --reason "back" >/dev/null || exit 1
cp "$S/channels/stable.state.json" s3.json
run 0 "rolled back" client s3.json $K --artifact v1/app --artifact v1/lib
like "$out" "stable is rolled-back, current release 1.0" "to 1.0"
like "$out" "note +frozen since" "the freeze is told"
no "app was withdrawn with 2.0; go to 1.0" "what was withdrawn" s3.json $K --artifact v2/app

# ---- a freeze that a route makes reaches clients without anybody asking
run 0 "unfreeze" at $T release unfreeze stable --as bob --sign-key bob.key --evidence v1.json
printf 'stuffed\n' >>v1/lib
run 1 "an artifact replaced after the build" at $T release publish beta 1.0 v1/app v1/lib --evidence v1.json
like "$out" "frozen.*: channel beta" "freezes the channel"
run 1 "its state document says so already" client "$S/channels/beta.state.json" $K
like "$out" "fail +frozen since" "frozen"
run 0 "a report of what is shipped" at $T signal report --kind release-integrity \
	--subject "sha256:$(sha256sum v1/app | cut -c1-64)" --reporter customer --summary "it calls home"
run 1 "freezes what ships it, for clients too" client "$S/channels/stable.state.json" $K
tap_done
