#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# case list|show|decide|meet|note|writeback|close: decisions that expire and trip, exit conditions,
# write-back, closing, signatures, and bad input. About 15 seconds.

. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/case.sh"
cd "$TMP" || exit 1
echo "lab report" >lab.txt
echo "scan" >scan.txt

is_state() { # CASE DAY STATE NAME: also leaves the case as JSON in $out
	out=$(at "$2" case show "$1" --json)
	is "$(json state)" "$3" "$4"
}

newest() { # id of the case opened last
	$FB case list --json | grep -o '"id":"[^"]*"' | sort | tail -1 | cut -d'"' -f4
}

# ---- a false positive needs evidence, an owner and an expiry

refused 6 "no state directory" $FB case list
echo "shipped" >app.bin
channel stable 18.12.416 app.bin
APP=sha256:$(sha256sum app.bin | cut -d' ' -f1)
report 22 acme "$APP" >/dev/null
F="at 22 case decide 2023-0001 --verdict false-positive --why scanners-are-silent"
refused 3 "false positive with nothing" $F
like "$err" "false-positive needs --evidence FILE" "says what is missing"
refused 3 "without evidence" $F --owner bob --expires 7d
refused 3 "without owner" $F --evidence lab.txt --expires 7d
like "$err" "needs --owner" "says so"
refused 3 "without expiry" $F --evidence lab.txt --owner bob
like "$err" "needs --expires" "says so"
refused 3 "with an expiry that is past" $F --evidence lab.txt --owner bob --expires 2023-03-01T00:00:00Z
refused 3 "for longer than dismissal-max" $F --evidence lab.txt --owner bob --expires 31d
like "$err" "may stand for 30d at most" "says how long"
refused 5 "with evidence that is not there" $F --evidence none.txt --owner bob --expires 7d
refused 3 "accepted risk without an owner" at 22 case decide 2023-0001 --verdict accepted-risk \
	--why w --evidence lab.txt --expires 7d
refused 3 "contained without evidence" at 22 case decide 2023-0001 --verdict contained --why w
refused 3 "no verdict" at 22 case decide 2023-0001 --why w
refused 3 "unknown verdict" at 22 case decide 2023-0001 --why w --verdict fine
refused 3 "no reason" at 22 case decide 2023-0001 --verdict confirmed
refused 3 "expiry that is no time" $F --evidence lab.txt --owner bob --expires soon
is "$(ls state/blobs/sha256/*/"$(sha256sum lab.txt | cut -d' ' -f1)" 2>/dev/null)" "" \
	"evidence of what was refused is not kept"
is_state 2023-0001 22 open "the case is open"

run 0 "with all three it is recorded" $F --evidence lab.txt --owner bob --expires 7d
is_state 2023-0001 23 dismissed "and dismisses the case"
is "$(json decisions.0.tripwire decisions.0.owner decisions.0.evidence.0.name decisions.0.expires)" \
	$'a further independent report on the same digest\nbob\nlab.txt\n2023-03-29T12:00:00Z' \
	"with tripwire, owner, evidence and expiry"

# ---- it expires by itself

is_state 2023-0001 29T11:59 dismissed "a minute before its expiry it stands"
is_state 2023-0001 29T12:00 needs-decision "at its expiry it does not"
like "$(at 30 case list)" "2023-0001 +needs-decision" "the list says so"
like "$(at 30 case show 2023-0001)" "no longer stands" "and so does the case"
refused 6 "it cannot be closed then" at 30 case close 2023-0001 --why w
like "$out" "open: decision: the false-positive ran out on 2023-03-29T12:00:00Z" "and says why"

# ---- the tripwire

run 0 "the same reporter again" report 24 acme "$APP" --json
is "$(sig case_outcome freeze)" $'repeated\nnot-called-for' "trips nothing"
is_state 2023-0001 24 dismissed "the case stays dismissed"
run 0 "another report on another digest" report 24 globex $D1 --json
is "$(sig case case_outcome)" $'2023-0002\nopened' "is another case"
run 0 "another reporter on the same digest" report 25 globex "$APP" --json
is "$(sig case case_outcome freeze channels)" $'2023-0001\nreopened\ndone\n["stable"]' \
	"opens it again and freezes the channel"
like "$(sig why)" "although it had been dismissed" "and says why"
is_state 2023-0001 25 open "the case is open"
is "$(json reopened decisions.0.stands)" $'1\nfalse' "the decision no longer stands"
out=$(at 25 release status stable --json)
is "$(json state)" frozen "the channel is frozen"
like "$($FB ledger show --json)" "case.reopen" "the ledger has it"

# ---- confirmed: exit conditions and write-back

C="at 26 case"
run 0 "confirmed" $C decide 2023-0001 --verdict confirmed --why "codec.dll was replaced" --as carol
is_state 2023-0001 26 open "stays open for the work"
refused 6 "close with everything open" $C close 2023-0001 --why done
open=$out
for want in "exit condition scope-known" "exit condition contained" "exit condition safe-release" \
	"exit condition customers-told" "exit condition cra-early-warning" \
	"write-back item detection \(not filled in\)" "write-back item drill"; do
	like "$open" "open: $want" "lists: $want"
done
is "$(grep -c rule-precision <<<"$open")" 0 "not what only a false positive needs"
refused 3 "meet without evidence" $C meet 2023-0001 scope-known
refused 3 "meet what is no condition" $C meet 2023-0001 all-good --evidence scan.txt
run 0 "meet" $C meet 2023-0001 scope-known --evidence scan.txt --note "hunted everywhere" --as dave
out=$(at 26 case show 2023-0001 --json)
is "$(json exit.0.id exit.0.met exit.0.by exit.0.evidence.0.name)" $'scope-known\ntrue\ndave\nscan.txt' \
	"who, with what"
refused 6 "meet it again" $C meet 2023-0001 scope-known --evidence scan.txt
refused 3 "two, one of which is unknown" $C meet 2023-0001 contained nonsense --evidence scan.txt
run 0 "the others at once" $C meet 2023-0001 contained safe-release customers-told \
	cra-early-warning cra-notification cra-final-report --evidence scan.txt
refused 6 "close with the write-back open" $C close 2023-0001 --why done
is "$(grep -c "open: exit" <<<"$out")" 0 "no exit condition is open"
is "$(grep -c "open: write-back" <<<"$out")" 2 "two items are"
W="$C writeback add 2023-0001 --item detection"
refused 3 "write-back without owner" $W --finding f --control c --tripwire t
refused 3 "without a control or runbook" $W --finding f --owner o --tripwire t
refused 3 "without tripwire" $W --finding f --control c --owner o
refused 3 "without finding" $W --control c --owner o --tripwire t
refused 3 "a name that is none" $C writeback add 2023-0001 --item 'A B' --finding f --control c \
	--owner o --tripwire t
refused 6 "done before it is filled in" $C writeback done 2023-0001 detection --evidence scan.txt
run 0 "filled in" $W --finding "hash feeds were a day late" --control "hourly feeds" --owner soc \
	--tripwire "feed older than 2 h"
run 0 "one of our own" $C writeback add 2023-0001 --finding f2 --runbook r2 --owner o --tripwire t2
like "$out" "item-1 filled in" "gets a name"
refused 6 "filled in is not done" $C close 2023-0001 --why done
like "$out" "write-back item detection \(not done\): hash feeds" "says so"
refused 3 "done without evidence" $C writeback done 2023-0001 detection
refused 3 "done: no such item" $C writeback done 2023-0001 item-9 --evidence scan.txt
run 0 "done" $C writeback done 2023-0001 detection --evidence scan.txt
refused 6 "done twice" $C writeback done 2023-0001 detection --evidence scan.txt
refused 6 "filled in after it was done" $W --finding f --control c --owner o --tripwire t
run 0 "done: ours" $C writeback done 2023-0001 item-1 --evidence scan.txt
$C writeback add 2023-0001 --item drill --finding f --runbook r --owner o --tripwire t >/dev/null
$C writeback done 2023-0001 drill --evidence scan.txt >/dev/null
refused 3 "close without a reason" $C close 2023-0001
run 0 "close" $C close 2023-0001 --why "clean build is out"
is_state 2023-0001 26 closed "closed"
refused 6 "decide on a closed case" $C decide 2023-0001 --verdict contained --why w --evidence scan.txt
refused 6 "close it twice" $C close 2023-0001 --why again
run 0 "a note still fits" $C note 2023-0001 "vendor said thank you" --evidence scan.txt
run 0 "a report on it after the end" report 27 hooli "$APP" --json
is "$(sig case_outcome)" opened "opens a new case"
out=$($FB case show "$(sig case)" --json)
is "$(json related)" 2023-0001 "that names the old one"

# ---- a second person can lift the freeze when the case is closed

run 0 "unfreeze, by bob, after the case was closed" at 28 release unfreeze stable --as bob \
	--sign-key bob.key

# ---- a dismissal that was closed expires and trips too

report 22 acme $D3 >/dev/null
id=$(newest)
at 22 case decide "$id" --verdict accepted-risk --why "lab machine" --evidence lab.txt --owner o \
	--expires 5d >/dev/null
at 22 case meet "$id" scope-known --evidence scan.txt >/dev/null
run 0 "an accepted risk is closed" at 22 case close "$id" --why "isolated"
is_state "$id" 24 closed "closed"
is_state "$id" 28 needs-decision "needs a decision when it ran out"
run 0 "which can be made" at 28 case decide "$id" --verdict accepted-risk --why "still isolated" \
	--evidence lab.txt --owner o --expires 5d
is_state "$id" 28 dismissed "and then is dismissed, but not closed"
is "$(json exit.0.met)" false "what had been met must be met again"
at 28 case meet "$id" scope-known --evidence scan.txt >/dev/null
at 28 case close "$id" --why "isolated" >/dev/null
run 0 "another reporter" report 29 globex $D3 --json
is "$(sig case case_outcome freeze)" "$id"$'\nreopened\nno-channel' "opens the closed case again"

# ---- signed decisions

report 22 acme $D2 >/dev/null
s=$(newest)
run 0 "a signed decision" at 22 case decide "$s" --verdict false-positive --why "ours" --evidence \
	lab.txt --owner alice --expires 9d --sign-key alice.key --as alice
run 0 "checks with the right key" $FB case show "$s" --key alice.pub
like "$out" "signature good" "good"
run 1 "not with another" $FB case show "$s" --key bob.pub
run 0 "one of two keys is enough" $FB case show "$s" --key bob.pub --key alice.pub
out=$($FB case show "$s" --json)
env=$(json decisions.0.envelope)
env=${env#sha256:}
blob=state/blobs/sha256/${env:0:2}/$env
like "$(cat "$blob")" "application/vnd.firebreak.decision\+json" "the envelope is DSSE"
chmod u+w "$blob"
sed -i 's/"sig":"./"sig":"A/' "$blob"
run 5 "an envelope that was changed" $FB case show "$s" --key alice.pub
like "$err" "was changed" "is named"
refused 5 "a key that is none" at 22 case decide "$s" --verdict confirmed --why w --sign-key lab.txt
refused 5 "a public key to sign with" at 22 case decide "$s" --verdict confirmed --why w \
	--sign-key alice.pub

# ---- reading

run 0 "list" at 30 case list
run 0 "list --open --json" at 31T13:00 case list --open --json
is "$(grep -o '"state":"[^"]*"' <<<"$out" | sort -u)" $'"state":"needs-decision"\n"state":"open"' \
	"only what needs somebody"
report 20 late $D1 --seen 2023-03-01T00:00:00Z >/dev/null
out=$($FB case show 2023-0002 --json --by seen)
is "$(json timeline.0.what timeline.0.seen timeline.0.learned)" \
	$'signal\n2023-03-01T00:00:00Z\n2023-03-20T12:00:00Z' "by seen: what happened first"
out=$($FB case show 2023-0002 --json --by learned)
is "$(json timeline.0.learned)" 2023-03-20T12:00:00Z "by learned: what we knew first"
run 0 "show" at 30 case show 2023-0002
like "$out" "OVERDUE +triage, due 2023-03-" "marks what is overdue"
like "$out" "Cyber Resilience Act" "names the source of a statutory clock"
refused 3 "--by what" $FB case show 2023-0002 --by day
refused 3 "no such case" $FB case show 2023-9999
refused 3 "a case that is no id" $FB case show "$(head -c 300 /dev/zero | tr '\0' x)"
refused 3 "a note on no case" at 30 case note 2023-9999 hello
refused 3 "an empty note" at 30 case note 2023-0002 ""
refused 3 "a note with an escape sequence" at 30 case note 2023-0002 $'\e[2J'
refused 3 "a note that is not UTF-8" at 30 case note 2023-0002 $'\xc3('
refused 3 "a note of 5,000 bytes" at 30 case note 2023-0002 "$(head -c 5000 /dev/zero | tr '\0' x)"
refused 3 "33 evidence files" at 30 case note 2023-0002 x $(printf -- '--evidence scan.txt %.0s' {1..33})
refused 5 "evidence that is a directory" at 30 case note 2023-0002 x --evidence state
run 0 "a note with markup and a bidi control" at 30 case note 2023-0002 $'<b>\xe2\x80\xae x'
like "$($FB case show 2023-0002)" '<b>\\xe2\\x80\\xae x' "is shown escaped"
run 0 "the ledger is sound" $FB ledger verify

# ---- people read seconds, machines the rest

$FB case note 2023-0002 fractions --clock 2023-03-31T12:00:00.25Z >/dev/null
out=$($FB case show 2023-0002 --clock 2023-03-31T13:00:00Z)
is "$(grep -Ec '[0-9]\.25Z' <<<"$out")" 0 "text has no fractions of seconds"
like "$out" "2023-03-31T12:00:00Z  same +note" "and the columns stay in line"
like "$($FB case show 2023-0002 --json)" '2023-03-31T12:00:00.25Z' "JSON has them"

tap_done
