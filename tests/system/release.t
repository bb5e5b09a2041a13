#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Channels through the commands: gate, hold, freeze, exception, second person, rollback to what still
# verifies. A refusal is one line, has its exit code, and leaves the ledger as it was.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/prov.sh"

S=$TMP/state
export FIREBREAK_STATE=$S
cd "$TMP" || exit 1
fb() { "$FIREBREAK" "$@"; }
at() { local t=$1; shift; "$FIREBREAK" "$@" --clock "$t"; }
size() { fb ledger checkpoint | sed -n 2p; }

# refused EXIT REGEX NAME COMMAND...: that exit, one line on stderr that matches, the ledger as it was
refused() {
	local want=$1 words=$2 name=$3 before
	shift 3
	before=$(size)
	run "$want" "$name" "$@"
	[ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] && [ -z "$out" ]
	ok $? "$name: one line"
	like "$err" "$words" "$name: says $words"
	is "$(size)" "$before" "$name: the ledger is as it was"
}

# field KEY: a string or number of the JSON in $out, the first of that name
field() { printf '%s' "$out" | grep -o "\"$1\":[^,}]*" | head -n 1 | cut -d: -f2- | tr -d '"'; }

for k in alice bob carol builder rogue; do keypair $k || exit 1; done
CI=https://ci.example/runner
cat >policy.yaml <<E
version: 1
name: stable
require: [provenance]
builders: ["$CI"]
signers: [builder.pub, rogue.pub]
E
sed 's/, rogue.pub//' policy.yaml >strict.yaml
for v in 1 2 3 4 5 6; do
	mkdir v$v
	printf 'application %s\n' $v >v$v/app
	printf 'library %s\n' $v >v$v/lib
	provenance builder $CI v$v/app v$v/lib >v$v.json
done
provenance rogue $CI v2/app v2/lib >v2.json

# ---- init
refused_before() { # as refused, but there is no state directory yet and there is none after
	local want=$1 words=$2 name=$3
	shift 3
	run "$want" "$name" "$@"
	like "$err" "$words" "$name: says $words"
	[ ! -e "$S" ]
	ok $? "$name: no state directory was made"
}
INIT="release init stable --policy policy.yaml --owner team"
refused_before 3 "owner NAME are needed" "init without owner" fb release init stable --policy policy.yaml
refused_before 3 "channel Stable" "init with a bad name" fb release init Stable --policy policy.yaml --owner x
refused_before 3 "risk class" "init with a bad risk class" fb $INIT --risk none
refused_before 3 "NAME=PUBLIC-KEY-FILE" "init with half a person" fb $INIT --person alice
refused_before 5 "app: " "init with a key that is none" fb $INIT --person alice=v1/app
refused_before 5 "alice.key: .*private" "init with a private key" fb $INIT --person alice=alice.key
refused_before 3 "of their own" "init with one key for two" fb $INIT --person a=alice.pub --person b=alice.pub
refused_before 3 "60s to 366d" "init with a bad validity" fb $INIT --valid 1s
refused_before 5 "No such file" "init without its policy" fb release init stable --policy none.yaml --owner x
printf 'version: 1\nrequire: [provenance]\nbilders: [x]\n' >bad.yaml
refused_before 5 "bad.yaml:3:1: .*bilders" "init with a malformed policy" fb release init stable --policy bad.yaml --owner x
printf 'version: 1\nrequire: [provenance]\nsigners: [none.pub]\n' >nokey.yaml
refused_before 5 "none.pub" "init with a policy whose key is missing" \
	fb release init stable --policy nokey.yaml --owner x
run 6 "status without a state directory" fb release status stable

run 0 "init with one person warns" fb release init alone --policy policy.yaml --owner team --person alice=alice.pub
like "$err" "1 person is enrolled" "that nobody can be the second"
run 0 "init" fb $INIT --person alice=alice.pub --person bob=bob.pub --valid 7d
is "$err" "" "no warning for two"
refused 6 "there already" "init again" fb $INIT
refused 6 "not known here" "status of another channel" fb release status beta

# ---- publish
run 0 "publish 1.0" fb release publish stable 1.0 v1/app v1/lib --evidence v1.json
like "$out" "^PASS stable 1.0: published" "says so"
run 0 "publish 2.0" fb release publish stable 2.0 v2/app v2/lib --evidence v2.json --json
is "$(field verdict)" PASS "verdict"
like "$out" '"controls":\[\{"name":"provenance","result":"pass"\}\]' "gate record: controls"
like "$out" '"evidence":\["sha256:'"$(sha256sum v2.json | cut -c1-64)"'"\]' "gate record: evidence"
like "$out" '"exception":null' "gate record: exception window"
like "$out" '"owner":"team"' "gate record: owner"
like "$out" '"reevaluate":\{"by":"20[^"]*Z","on":\["policy-change","report-on-digest"\]\}' "gate record: trigger"
like "$out" '"risk":"normal"' "gate record: risk class"
run 0 "publish the same again" fb release publish stable 2.0 v2/lib v2/app --evidence v2.json
like "$out" "nothing to do" "changes nothing"
refused 6 "never used twice" "the same version, other bytes" fb release publish stable 2.0 v3/app v3/lib --evidence v3.json
refused 3 "two artifacts are called app" "one name twice" fb release publish stable 3.0 v1/app v2/app
refused 3 "version /etc" "a bad version" fb release publish stable /etc v3/app
refused 5 "none: No such file" "an artifact that is not there" fb release publish stable 3.0 none
refused 5 "a directory, not a file" "an artifact that is a folder" fb release publish stable 3.0 v3
refused 5 "none: No such file" "evidence that is not there" fb release publish stable 3.0 v3/app --evidence none

# ---- hold: evidence is missing
n=$(size)
run 2 "publish without provenance" fb release publish stable 3.0 v3/app v3/lib --json
is "$(field verdict)" UNKNOWN "is UNKNOWN"
is "$(field kind)" release.hold "is held"
like "$(fb release log stable)" "held .*: missing: a signed SLSA" "and the log says that it is missing"
like "$out" '"kind":"missing"' "says what is missing"
like "$out" '"signal":\{"case":"20[0-9]{2}-0001","case_outcome":"opened"' "opens a review"
like "$out" '"freeze":"not-called-for"' "freezes nothing"
run 0 "status" fb release status stable --json
is "$(field state)" active "still active"
like "$out" '"current":\{"version":"2.0"\}' "2.0 is still current"
provenance builder $CI policy.yaml >other.json
run 2 "provenance about other files" fb release publish stable 3.0 v3/app v3/lib --evidence other.json
provenance builder https://elsewhere.example v3/app v3/lib >elsewhere.json
run 1 "provenance by another builder" fb release publish stable 3.0 v3/app v3/lib --evidence elsewhere.json
like "$out" "elsewhere.example" "names the builder"
printf '{"payload":' >cut.json
run 1 "malformed evidence" fb release publish stable 3.0 v3/app v3/lib --evidence v3.json --evidence cut.json
run 0 "mended, it is published" fb release publish stable 3.0 v3/app v3/lib --evidence v3.json

# ---- freeze
F="release freeze stable --reason unexplained --owner alice"
refused 3 "expires is needed" "freeze without expiry" fb $F
refused 3 "neither a duration" "freeze until someday" fb $F --expires someday
refused 3 "expire before it begins" "freeze until yesterday" fb $F --expires 2020-01-01T00:00:00Z
refused 3 "reason TEXT" "freeze without reason" fb release freeze stable --owner alice --expires 7d
refused 3 "one of case-closed" "freeze with a bad condition" fb $F --expires 7d --condition whenever
refused 3 "too weak" "freeze that allows by md5" fb $F --expires 7d --allow md5:00112233445566778899aabbccddeeff
refused 3 "control characters" "freeze with an escape in the reason" \
	fb release freeze stable --owner alice --expires 7d --reason $'a\e[2Jb'
refused 6 "not known here" "freeze of no channel" fb release freeze beta --reason x --owner alice --expires 7d
T0=2030-01-01T00:00:00Z T1=2030-01-02T00:00:00Z LATE=2030-01-09T00:00:00Z
run 0 "freeze" at $T0 $F --as carol --expires 7d --allow 5.0 --allow "sha256:$(sha256sum v6/app | cut -c1-64)" --json
Z=$(field freeze)
like "$out" '"scope":\["3.0"\]' "its scope is the current release"
run 0 "status" at $T1 release status stable
like "$out" "stable is frozen" "frozen"
like "$out" "freeze $Z  unexplained" "with its reason"
like "$out" "owner alice, due 2030-01-08T00:00:00Z$" "owner and deadline"
like "$out" "scope 3.0; lifted by statement:" "scope and condition"
like "$out" "may still be published: 5.0 sha256:" "allowlist"
run 0 "publishing what is current already" at $T1 release publish stable 3.0 v3/app v3/lib --evidence v3.json
refused 6 "is frozen since entry $Z: unexplained" "publish while frozen" \
	at $T1 release publish stable 4.0 v4/app v4/lib --evidence v4.json
refused 6 "is frozen" "publish with only some digests allowed" \
	at $T1 release publish stable 6.0 v6/app v6/lib --evidence v6.json
refused 6 "and overdue.*does not end by itself" "publish past the expiry" \
	at $LATE release publish stable 5.0 v5/app v5/lib --evidence v5.json
run 0 "publish what the allowlist names" at $T1 release publish stable 5.0 v5/app v5/lib --evidence v5.json --json
like "$out" "\"exception\":\{\"expires\":\"2030-01-08T00:00:00Z\",\"id\":\"freeze:$Z\"\}" "by exception of that freeze"

# ---- exceptions
A="release allow stable 4.0 --reason rebuilt"
refused 6 "owns this freeze" "exception by the owner" at $T1 $A --expires 1d --as alice --sign-key alice.key
refused 6 "not enrolled" "exception by a stranger" at $T1 $A --expires 1d --as carol --sign-key carol.key
refused 6 "not the one that bob" "exception with another's key" at $T1 $A --expires 1d --as bob --sign-key carol.key
refused 6 "outlive" "exception past the deadline" at $T1 $A --expires 8d --as bob --sign-key bob.key
refused 3 "second person" "exception without a key" at $T1 $A --expires 1d --as bob
run 0 "exception by the second person" at $T1 $A --expires 1d --as bob --sign-key bob.key --json
X=$(field entry)
refused 6 "is frozen" "it has its time too" \
	at 2030-01-03T00:00:00Z release publish stable 4.0 v4/app v4/lib --evidence v4.json
run 0 "it lets through" at 2030-01-02T23:59:59Z release publish stable 4.0 v4/app v4/lib --evidence v4.json --json
like "$out" "\"exception\":\{\"expires\":\"2030-01-03T00:00:00Z\",\"id\":\"allow:$X\"\}" "and the gate names it"

# ---- unfreeze
U="release unfreeze stable"
refused 3 "second person signs" "unfreeze without a key" at $T1 $U --as bob
refused 5 "bob.pub: " "unfreeze with a public key" at $T1 $U --as bob --sign-key bob.pub
refused 5 "v1/app: " "unfreeze with no key at all" at $T1 $U --as bob --sign-key v1/app
refused 6 "owns this freeze" "unfreeze by its owner" at $T1 $U --as alice --sign-key alice.key --evidence v1.json
refused 6 "not enrolled" "unfreeze by who made it" at $T1 $U --as carol --sign-key carol.key --evidence v1.json
refused 6 "not the one that bob" "unfreeze in another's name" at $T1 $U --as bob --sign-key alice.key --evidence v1.json
refused 6 "needs the evidence" "a statement without evidence" at $T1 $U --as bob --sign-key bob.key
refused 6 "no open freeze 1" "unfreeze of no freeze" at $T1 $U --as bob --sign-key bob.key --freeze 1
refused 3 "not a number" "unfreeze of a word" at $T1 $U --as bob --sign-key bob.key --freeze x
run 0 "unfreeze by the second person" at $T1 $U --as bob --sign-key bob.key --evidence v1.json
refused 6 "is not frozen" "unfreeze again" at $T1 $U --as bob --sign-key bob.key --evidence v1.json
run 0 "status" fb release status stable --json
is "$(field state)" active "active again"
like "$out" '"lifted":\{"at":"2030-01-02T00:00:00Z","by":"bob"' "and who lifted it"

# ---- conditions that a machine sees
run 0 "freeze for a case" at $T0 $F --as alice --expires 7d --case 2026-0001 --json
like "$out" '"already":false' "is a new freeze"
Z1=$(field freeze)
n=$(size)
run 0 "freeze for it again" at $T0 $F --as alice --expires 7d --case 2026-0001 --json
like "$out" '"already":true' "is the same freeze"
is "$(size)" "$n" "and records nothing"
run 0 "freeze for another case" at $T0 $F --as alice --expires 7d --case 2026-0002 --scope all --json
Z2=$(field freeze)
refused 6 "2 open freezes" "unfreeze must say which" at $T1 $U --as bob --sign-key bob.key
refused 6 "and that case is open" "while the case is open" at $T1 $U --as bob --sign-key bob.key --freeze $Z1
refused 6 "no such case" "for a case that is not there" at $T1 $U --as bob --sign-key bob.key --freeze $Z2
refused 6 "only after the freeze's expiry|that case is open" "a statement does not replace it" \
	at $T1 $U --as bob --sign-key bob.key --freeze $Z1 --evidence v1.json
run 0 "an overdue one can be lifted by a statement" \
	at $LATE $U --as bob --sign-key bob.key --freeze $Z2 --evidence v1.json
run 0 "and the other" at $LATE $U --as bob --sign-key bob.key --evidence v1.json

run 0 "freeze until 3.0 verifies" at $T0 $F --as alice --expires 7d --scope 4.0 --condition verified:3.0
cp strict.yaml none-signed.yaml
sed -i 's/\[builder.pub\]/[carol.pub]/' none-signed.yaml
run 0 "a policy that nothing satisfies" at $T0 release policy stable --policy none-signed.yaml
refused 6 "3.0 verifies now: .*" "it does not now" at $T1 $U --as bob --sign-key bob.key
run 0 "the policy of before" at $T0 release policy stable --policy policy.yaml
run 0 "now it does" at $T1 $U --as bob --sign-key bob.key
run 0 "log" fb release log stable
like "$out" "3.0 verified again: PASS" "the check is in the log"

# ---- rollback
run 0 "publish a last one" fb release publish stable 6.0 v6/app v6/lib --evidence v6.json
R="release rollback stable --reason oops"
refused 3 "reason" "rollback without reason" fb release rollback stable
refused 6 "is the current" "rollback to the current" fb $R --to 6.0
refused 6 "never published" "rollback to nowhere" fb $R --to 0.1
run 0 "freeze 4.0 and 6.0" fb $F --as alice --expires 7d --scope 4.0 --scope 6.0
refused 6 "in the scope of the freeze" "rollback into a scope" fb $R --to 4.0
blob() { echo "$S/blobs/sha256/$(sha256sum "$1" | cut -c1-2)/$(sha256sum "$1" | cut -c1-64)"; }
B=$(blob v5/lib)
chmod u+w "$B"
cp "$B" keep
printf 'tampered' | dd of="$B" conv=notrunc status=none
refused 6 "5.0 does not verify now: lib: .*(not what|is not|changed on disk)" "rollback to a corrupted release" fb $R --to 5.0
mv "$B" away
refused 6 "5.0 does not verify now: lib: .*missing" "rollback to a release with a lost artifact" fb $R --to 5.0
cp keep "$B"
B5=$(blob v5.json)
chmod u+w "$B5"
cp "$B5" keep5
printf '[' | dd of="$B5" conv=notrunc status=none
refused 6 "5.0 does not verify now: .*evidence" "rollback to a release with corrupted evidence" fb $R --to 5.0
run 1 "recheck says so too" fb release recheck stable 5.0
run 0 "without --to it goes further back" fb $R --json
like "$out" '"current":\{"version":"3.0"\},"from":"6.0","to":"3.0"' "to 3.0"
like "$err" "passed over: 5.0 does not verify now: .*evidence" "and says why not to 5.0"
cp keep5 "$B5"
run 0 "status" fb release status stable --json
is "$(field state)" rolled-back "rolled back"
refused 6 "is frozen" "publish is still refused" fb release publish stable 7.0 v1/app v2/lib
run 0 "a signer is removed from the policy" fb release policy stable --policy strict.yaml
refused 6 "2.0 does not verify now: .*" "rollback to what that signer signed" fb $R --to 2.0
refused 6 "is newer" "rollback is not a way forward" fb $R --to 5.0
run 0 "to what still verifies" fb $R
like "$out" "from 3.0 to 1.0" "over the release of that signer"
like "$err" "passed over: 2.0" "which it names"
refused 6 "no release older" "nothing is left" fb $R
run 0 "lift" fb $U --as bob --sign-key bob.key --evidence v1.json
refused 6 "was withdrawn" "publish what was withdrawn" fb release publish stable 6.0 v6/app v6/lib --evidence v6.json
refused 6 "withdrawn as 6.0" "its bytes under another version" fb release publish stable 6.1 v6/app v6/lib --evidence v6.json
run 0 "recheck the current one" fb release recheck stable
refused 6 "has no release 9" "recheck of nothing" fb release recheck stable 9

# ---- risk class
run 0 "a channel of high risk" fb release init high --policy strict.yaml --owner team --risk high
run 2 "needs an SBOM" fb release publish high 1.0 v1/app v1/lib --evidence v1.json --json
like "$out" 'risk class high requires sbom' "says so"
sbom builder v1/app v1/lib >v1.sbom.json
run 0 "with one it passes" fb release publish high 1.0 v1/app v1/lib --evidence v1.json --evidence v1.sbom.json
printf "version: 1\nrequire: [digest]\ndigests: ['sha256:%s']\n" "$(sha256sum v1/app | cut -c1-64)" >low.yaml
run 0 "a channel of low risk" fb release init low --policy low.yaml --owner team --risk low
run 0 "needs what the policy needs" fb release publish low 1.0 v1/app

# ---- the key files that a policy lists are kept: the originals may go
run 0 "a policy with key files" fb release init kept --policy policy.yaml --owner team
mkdir gone && mv builder.pub rogue.pub policy.yaml gone/
run 0 "judges without them" fb release publish kept 1.0 v1/app v1/lib --evidence v1.json
mv gone/* .

# ---- several at once: each waits for the other, none is lost
for v in 1 2 3 4; do
	fb release publish kept 2.$v v$v/app v$v/lib --evidence v$v.json >/dev/null &
done
wait
run 0 "status" fb release status kept
is "$(printf '%s\n' "$out" | grep -c ' 2\.[1-4] .*published')" 4 "four published at once are all there"

# ---- others
run 0 "status of all" fb release status
like "$out" "^stable +rolled-back +1.0$" "one line each"
run 0 "status of all as JSON" fb release status --json
like "$out" '^\{"channels":\[\{"channel":"alone"' "an array"
run 0 "log as JSON" fb release log stable --json
like "$out" '"kind":"release.rollback","text":"rolled back from' "entries with their words"
run 0 "the ledger is sound" fb ledger verify
tap_done
