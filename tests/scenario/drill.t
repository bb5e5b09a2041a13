#!/bin/bash
# The drill: every variant of 3cx-2023, and a scenario whose expectation is not met.
. "$(dirname "$0")/../support/tap.sh"
state=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$state"; }

run 0 "drill run 3cx-2023" "$FIREBREAK" drill run 3cx-2023 --state "$state" --out "$TMP/out" --quiet
like "$out" 'steps met, 0 missed' "no step is missed"
for v in a b c d e; do
	like "$out" "^\($v\) .* 0 missed" "variant $v is on the scoreboard"
done
like "$out" 'acknowledgement +7d ' "the published interval stands beside it"
report=$(printf '%s\n' "$out" | sed -n 's/^Report  *//p')
[ -s "$report" ]
ok $? "the report was written"
like "$(head -c 200 "$report")" '<!doctype html>' "it is HTML"
is "$(grep -cE '(src|href)="?https?:' "$report")" "0" "it loads nothing from outside"
is "$(grep -c '<script' "$report")" "0" "it runs nothing"
advisory=$(printf '%s\n' "$out" | sed -n 's/^Advisory  *//p' | grep '\.json$')
[ -s "$advisory" ]
ok $? "the advisory was written"
run 0 "the ledger is sound" "$FIREBREAK" ledger verify --state "$state"
run 0 "drill show" "$FIREBREAK" drill show --state "$state"
like "$out" 'Drill [0-9]{4}-0001: open' "it is the newest drill"
run 0 "drill close: no findings" "$FIREBREAK" drill close "$(date -u +%Y)-0001" --state "$state"
run 6 "closing twice is refused" "$FIREBREAK" drill close "$(date -u +%Y)-0001" --state "$state"

# A scenario that expects what does not happen.
cat >"$TMP/miss.scn" <<'S'
scenario: miss
title: A gate that is expected to pass what it must not pass
about: For the test of findings.
variants:
  - id: a
    title: Stuffed signature
lessons:
  gate: {control: c, runbook: r, owner: o, tripwire: t}
steps:
  - id: keys
    title: keys
    who: test
    inject: [keys, alice]
  - id: build
    title: build
    who: attacker
    inject: [build, next, "1.0"]
  - id: stuff
    title: stuff
    who: attacker
    inject: [stuff, next, shader_47.dll, 1024]
  - id: verify
    title: The tampered component is waved through
    who: gate
    phase: prove
    run: [verify, "{work}/next/shader_47.dll"]
    expect: {exit: 0}
    if-missed: gate
  - id: unknown-word
    title: needs what nobody saved
    who: gate
    phase: prove
    run: [verify, "{nowhere}"]
    if-missed: gate
S
run 1 "a missed step makes the run exit 1" fb drill run "$TMP/miss.scn" --out "$TMP/out" --quiet
like "$out" 'MISSED +prove +The tampered component' "the scoreboard names it"
like "$out" 'actual +exit 1, wanted 0' "with what happened"
like "$out" 'needs \{nowhere\}' "a step without its input is not run, and counts"
id=$(date -u +%Y)-0002
run 6 "a drill with open findings is not closed" fb drill close "$id"
like "$err" '2 open findings' "it says how many"
echo changed >"$TMP/evidence"
run 3 "a finding is not answered without evidence" fb drill resolve "$id" a-verify --why done
run 0 "a finding is answered with evidence" fb drill resolve "$id" a-verify --why "gate updated" --evidence "$TMP/evidence"
run 6 "but not twice" fb drill resolve "$id" a-verify --why again --evidence "$TMP/evidence"
run 5 "an unknown finding is refused" fb drill resolve "$id" a-nothing --why x --evidence "$TMP/evidence"
run 6 "still one open" fb drill close "$id"
run 0 "answer the other" fb drill resolve "$id" a-unknown-word --why fixed --evidence "$TMP/evidence"
run 0 "then it closes" fb drill close "$id"
run 0 "drill report --out" fb drill report "$id" --out "$TMP/again.html"
like "$(cat "$TMP/again.html")" 'gate updated' "the report carries the answers"
run 0 "drill list --json" fb drill list --json
is "$(printf '%s' "$out" | python3 -c 'import json,sys; print([d["state"] for d in json.load(sys.stdin)["drills"]])' 2>/dev/null)" \
	"['closed', 'closed']" "drill list"

# Bad scenarios: one line, exit 5, nothing recorded.
before=$(fb ledger show --json | wc -c)
bad() { # NAME SED-EXPRESSION EXPECTED
	sed "$2" "$TMP/miss.scn" >"$TMP/bad.scn"
	run 5 "bad scenario: $1" fb drill run "$TMP/bad.scn" --out "$TMP/out"
	like "$err" "$3" "$1: says why"
	is "$(printf '%s\n' "$err" | wc -l)" 1 "$1: in one line"
}
bad "unknown member" 's/^about:/abut:/' 'abut'
bad "step twice" 's/id: build$/id: keys/' 'twice'
bad "unknown variant" 's/^    title: build$/    title: build\n    variants: [z]/' 'variant'
bad "no if-missed" '/if-missed/d' 'if-missed'
bad "unknown lesson" 's/if-missed: gate/if-missed: fence/' 'fence'
bad "both run and inject" 's/^    phase: prove$/    phase: prove\n    inject: [keys, bob]/' 'either'
bad "scenario that leads elsewhere" 's/^scenario: .*/scenario: ..\/..\/x/' 'an id is'
bad "case that leads elsewhere" 's/^title: /case: ..\/x\ntitle: /' 'an id is'
bad "variant that is the folder above" 's/^  - id: a$/  - id: ../' 'an id is'
bad "inject that leads elsewhere" 's/\[build, next, /[build, ..\/..\/next, /' 'leads out'
bad "inject to an absolute path" 's/\[build, next, /[build, \/tmp\/next, /' 'leads out'
bad "alias" 's/^title: .*/title: *x/' 'bad\.scn:2'
bad "not UTF-8" 's/^about: .*/about: \xff/' 'bad\.scn'
head -c 300 /dev/urandom >"$TMP/bad.scn"
run 5 "bad scenario: random bytes" fb drill run "$TMP/bad.scn"
run 5 "a scenario that is not there" fb drill run nothing-of-that-name
run 3 "a variant that is not there" fb drill run 3cx-2023 --variant z
is "$(fb ledger show --json | wc -c)" "$before" "nothing was recorded"
tap_done
