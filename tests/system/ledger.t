#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The ledger through its commands: making, reading, proving; each kind of tampering is named; bad
# state directories, proofs and files get one clear line, their exit code, and stay as they are.

. "$(dirname "$0")/../support/tap.sh"
WRITER=$BUILD/tests/system/ledger_writer
[ -x "$WRITER" ] || skip_all "$WRITER is not built"
command -v sqlite3 >/dev/null || skip_all "sqlite3 is not installed"

S=$TMP/state
DB=$S/firebreak.db
export FIREBREAK_STATE=$S
fb() { "$FIREBREAK" "$@"; }
sql() { sqlite3 "$DB" "$1" >/dev/null || echo "Bail out! sqlite3: $1"; }

# complains EXIT REGEX NAME COMMAND...: that exit, and one line on stderr that matches
complains() {
	local want=$1 words=$2 name=$3
	shift 3
	run "$want" "$name" "$@"
	[ "$(printf '%s\n' "$err" | wc -l)" -eq 1 ] && [ -z "$out" ]
	ok $? "$name: one line, and nothing else"
	like "$err" "$words" "$name: $words"
}

# ---- no state directory yet
complains 6 "no such state directory; make one with: firebreak ledger init" "show without state" \
	fb ledger show
[ ! -e "$S" ]
ok $? "reading did not make one"

# ---- init
run 0 "init" fb ledger init
like "$out" "Its key: firebreak.local/ledger/[0-9a-f]{16}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}" "prints the key"
cp "$S/keys/ledger.key" "$TMP/key"
run 0 "init again" fb ledger init --json
like "$out" '"created":false,"size":0' "says that it was there"
cmp -s "$S/keys/ledger.key" "$TMP/key"
ok $? "and leaves the key alone"
is "$(stat -c %a "$S" "$S/keys" "$S/keys/ledger.key" "$DB" | tr '\n' ' ')" "700 700 600 600 " "modes"
run 0 "an empty ledger verifies" fb ledger verify
like "$out" "sound: 0 entries" "and says so"

# ---- entries: 0 1 2 | 3 | 4 | 5 6 | 7 | 8 | 9
"$WRITER" fill "$S" 3 1 1 2 1 1 1 || exit 1
run 0 "show" fb ledger show
is "$(printf '%s\n' "$out" | wc -l)" 10 "ten lines"
like "$out" '^ +9  2023-11-14T22:13:20Z  test.entry  test:fill  writer  \{"blob":"","nonce":9\}$' "a line"
run 0 "show by number" fb ledger show 6
like "$out" "together with the entries from 5 on" "with its commit"
run 0 "show --limit" fb ledger show --limit 2
is "$(printf '%s\n' "$out" | head -n 2 | cut -c1-8 | tr -d '\n')" "     8       9  " "the newest two"
like "$out" "8 older ones are not shown" "says what is not shown"
run 0 "show --json" fb ledger show --kind test. --subject test:fill --json
is "$(printf '%s' "$out" | grep -o '"seq":[0-9]*' | wc -l)" 10 "has all entries"
run 0 "show another subject" fb ledger show --subject test:none
is "$out" "" "has none"
complains 6 "no entry 10" "show beyond the end" fb ledger show 10
complains 3 "not the number of an entry" "show a word" fb ledger show ten
complains 3 "not both" "show too much" fb ledger show 1 --kind x
complains 3 "not a number up to" "show --limit" fb ledger show --limit -1

# ---- checkpoints, proofs
run 0 "checkpoint" fb ledger checkpoint
printf '%s\n' "$out" >"$TMP/new.note"
is "$(sed -n 2p "$TMP/new.note")" 10 "is of ten entries"
fb ledger checkpoint --size 4 >"$TMP/old.note"
is "$(sed -n 2p "$TMP/old.note")" 4 "an older one is of four"
complains 6 "no checkpoint was signed at size 6" "checkpoint inside a commit" fb ledger checkpoint --size 6
run 0 "consistency" fb ledger consistency "$TMP/old.note"
like "$out" "of 10 entries extends the 4 of" "says so"
run 0 "consistency --json" fb ledger consistency "$TMP/old.note" --json
like "$out" '^\{"from":.*"good":true,"proof":\[".*"to":' "with the proof"
complains 5 "ledger.vkey: " "consistency with a file that is no note" fb ledger consistency "$S/keys/ledger.vkey"
complains 5 "No such file" "consistency with no file" fb ledger consistency "$TMP/none"

fb ledger prove 6 >"$TMP/proof.json"
cp "$S/keys/ledger.vkey" "$TMP/vkey"
FIREBREAK_STATE=$TMP/nowhere run 0 "check without the state directory" \
	fb ledger check "$TMP/proof.json" --vkey "$TMP/vkey"
like "$out" "good: entry 6 is in the ledger firebreak.local/ledger/[0-9a-f]{16} of 10 entries" "says so"
run 0 "check --json" fb ledger check "$TMP/proof.json" --vkey "$TMP/vkey" --json
like "$out" '^\{"entry":\{"actor":"writer".*"good":true,"ledger":"firebreak.local.*"size":10\}$' "gives the entry"
sed 's/"nonce":6/"nonce":7/' "$TMP/proof.json" >"$TMP/bad.json"
complains 1 "entry 6 is not in the signed tree" "check an altered entry" \
	fb ledger check "$TMP/bad.json" --vkey "$TMP/vkey"
sed 's/"size":10/"size":11/' "$TMP/proof.json" >"$TMP/bad.json"
complains 1 "size 11, the checkpoint for 10" "check another size" \
	fb ledger check "$TMP/bad.json" --vkey "$TMP/vkey"
sed 's/\\n10\\n/\\n11\\n/' "$TMP/proof.json" >"$TMP/bad.json"
complains 1 "checkpoint" "check an altered checkpoint" fb ledger check "$TMP/bad.json" --vkey "$TMP/vkey"
complains 5 "bad.json: offset 0" "check an empty file" \
	sh -c ": >'$TMP/bad.json'; '$FIREBREAK' ledger check '$TMP/bad.json' --vkey '$TMP/vkey'"
complains 5 "not a (regular )?file" "check a directory" fb ledger check "$TMP" --vkey "$TMP/vkey"
complains 5 "duplicate key" "check a repeated member" sh -c \
	"sed 's/^{/{\"size\":10,/' '$TMP/proof.json' >'$TMP/bad.json'; '$FIREBREAK' ledger check '$TMP/bad.json' --vkey '$TMP/vkey'"
complains 5 "unknown member" "check an unknown member" sh -c \
	"sed 's/^{/{\"aa\":10,/' '$TMP/proof.json' >'$TMP/bad.json'; '$FIREBREAK' ledger check '$TMP/bad.json' --vkey '$TMP/vkey'"
complains 5 "vkey|proof.json" "check with a key that is none" \
	fb ledger check "$TMP/proof.json" --vkey "$TMP/proof.json"
complains 3 "--vkey FILE is needed" "check without a key" fb ledger check "$TMP/proof.json"
FIREBREAK_STATE=$TMP/other fb ledger init >/dev/null
complains 1 "no signature by" "check with the key of another ledger" \
	fb ledger check "$TMP/proof.json" --vkey "$TMP/other/keys/ledger.vkey"
fb ledger prove 2 --size 3 >"$TMP/proof3.json"
run 0 "prove in an earlier tree" fb ledger check "$TMP/proof3.json" --vkey "$TMP/vkey"
complains 6 "no checkpoint was signed at size 2" "prove inside a commit" fb ledger prove 1 --size 2
complains 6 "not among the first 10" "prove what is not there" fb ledger prove 10
complains 3 "not the number" "prove a word" fb ledger prove x

# ---- tampering
cp "$DB" "$TMP/good.db"
cp "$S/keys/ledger.head" "$TMP/head"
good() { # as it was
	cp "$TMP/good.db" "$DB"
	cp "$TMP/head" "$S/keys/ledger.head"
}
FLIP="UPDATE entry SET body = CAST(replace(CAST(body AS TEXT), 'writer', 'mallet') AS BLOB) WHERE seq ="

# tampered NAME REGEX SQL
tampered() {
	good
	sql "$3"
	run 1 "verify: $1" fb ledger verify
	like "$out" "$2" "$1 is named"
	like "$out" "^The record is not what was signed: [1-9]" "$1 has a last line"
	is "$err" "" "$1 is a result, not an error"
}
tampered "flipped entry" "^flipped +entry 4 was altered" "$FLIP 4"
tampered "flipped newest entry" "^flipped +entry 9 was altered" "$FLIP 9"
tampered "dropped entry" "^dropped +entry 4 is missing" "DELETE FROM entry WHERE seq = 4"
tampered "dropped tail" "^dropped +entries from 8 to 9 are missing" "DELETE FROM entry WHERE seq > 7"
tampered "swapped entries" "^reordered +in the place of entry 7 stands entry 8" \
	"UPDATE entry SET seq = 99 WHERE seq = 7; UPDATE entry SET seq = 7 WHERE seq = 8; UPDATE entry SET seq = 8 WHERE seq = 99"
tampered "duplicated entry" "^duplicated +entry 4 is in the ledger again, as entry 10" \
	"INSERT INTO entry SELECT 10, kind, subject, at, body, leaf FROM entry WHERE seq = 4"
tampered "inserted entry" "^inserted +entries from 10 to 10 are in no signed checkpoint" \
	"INSERT INTO entry SELECT 10, kind, subject, at, CAST(replace(CAST(body AS TEXT), '\"seq\":9', '\"seq\":10') AS BLOB), leaf FROM entry WHERE seq = 9"
tampered "altered kind" "^column +entry 4: its column \"kind\"" "UPDATE entry SET kind = 'other' WHERE seq = 4"
tampered "altered subject" "^column +entry 4: its column \"subject\"" "UPDATE entry SET subject = 'x' WHERE seq = 4"
tampered "altered time" "^column +entry 4: its column \"at\"" "UPDATE entry SET at = 0 WHERE seq = 4"
tampered "altered leaf hash" "^node +entry 4: its leaf hash was altered" \
	"UPDATE entry SET leaf = zeroblob(32) WHERE seq = 4"
tampered "altered tree hash" "^node +the tree hash over the entries from 4 to 7" \
	"UPDATE node SET hash = zeroblob(32) WHERE level = 2 AND idx = 1"
tampered "missing tree hash" "^node .* is missing" "DELETE FROM node WHERE level = 1 AND idx = 2"
tampered "missing checkpoint" "^checkpoint +the checkpoint at size 5 is missing" "DELETE FROM checkpoint WHERE size = 5"
tampered "altered checkpoint" "^checkpoint +the checkpoint at size 5 was altered or forged" \
	"UPDATE checkpoint SET note = CAST(replace(CAST(note AS TEXT), '5', '6') AS BLOB) WHERE size = 5"
tampered "exchanged checkpoint" "^checkpoint +in the place of the checkpoint at size 5 stands the one at size 3" \
	"UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 3) WHERE size = 5"
tampered "trigger" "^database +the tables or indexes of the database were altered" \
	"CREATE TRIGGER t AFTER INSERT ON entry BEGIN DELETE FROM entry WHERE seq = new.seq; END"
run 1 "verify --json" fb ledger verify --json
like "$out" '^\{"findings":\[\{"note":false,"seq":0,"text":"the tables.*"what":"database"\}\],"size":10,"sound":false\}$' "has it too"
good
cp "$TMP/other/keys/"* "$S/keys/"
run 1 "verify: both keys replaced" fb ledger verify
like "$out" "^key +the checkpoints are not signed by the key" "is named"
cp "$TMP/key" "$S/keys/ledger.key"
run 1 "verify: public key replaced" fb ledger verify
like "$out" "^key .*not the public half" "is named"
cp "$TMP/vkey" "$S/keys/ledger.vkey"
good
run 0 "verify: put back" fb ledger verify --checkpoint "$TMP/new.note"
like "$out" "it extends" "with the checkpoint"

# cut back to an earlier commit: first the database, then every trace; then the checkpoint tells
sql "DELETE FROM entry WHERE seq > 6; DELETE FROM checkpoint WHERE size > 7; DELETE FROM node WHERE ((idx + 1) << level) > 7"
run 1 "verify: cut back to a commit" fb ledger verify
like "$out" "^dropped +entries from 7 to 9 are gone: the checkpoint in keys/ledger.head has 10" "is named"
complains 4 "the ledger was cut back: it has 7 entries, 10 were signed; restore" "show: cut back" \
	fb ledger show
run 1 "append: cut back" "$WRITER" add "$S" x 1
like "$err" "^EUCLEAN .*the ledger was cut back" "is refused"
rm "$S/keys/ledger.head"
run 0 "verify: cut back, and that file removed" fb ledger verify
like "$out" "^note +keys/ledger.head is missing" "is noted"
run 1 "verify --checkpoint: cut back" fb ledger verify --checkpoint "$TMP/new.note"
like "$out" "^dropped +entries from 7 to 9 are gone" "is named"
complains 1 "it was cut" "consistency: cut back" fb ledger consistency "$TMP/new.note"
"$WRITER" fill "$S" 1 1 2 1 # somebody who has the key
run 0 "verify: rewritten with the key" fb ledger verify
run 1 "verify --checkpoint: rewritten with the key" fb ledger verify --checkpoint "$TMP/new.note"
like "$out" "^rewritten +the first 10 entries are not those" "is named"
complains 1 "does not extend" "consistency: rewritten" fb ledger consistency "$TMP/new.note"
complains 5 "new.note|json" "verify --checkpoint with no note" fb ledger verify --checkpoint "$TMP/proof.json"

# an altered entry is not shown as if it were one; nothing is added to an altered ledger
good
sql "$FLIP 4"
complains 4 "ledger entry 4 is not what was signed; see firebreak ledger verify" "show an altered entry" \
	fb ledger show 4
run 0 "show another entry" fb ledger show 3
run 0 "show --unproven" fb ledger show 4 --unproven
like "$out" "actor +mallet" "shows it"
good
sql "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 9; UPDATE node SET hash = zeroblob(32)"
run 1 "append to an altered ledger" "$WRITER" add "$S" x 1
like "$err" "^EUCLEAN .*the ledger was altered" "is refused"

# ---- blobs
good
blob=$("$WRITER" blob "$S" 5000)
run 0 "verify --blobs" fb ledger verify --blobs
like "$out" "^Kept files: 1, each is what its name says" "counts them"
file=$(find "$S/blobs/sha256" -type f)
chmod u+w "$file"
printf x | dd of="$file" bs=1 seek=4999 conv=notrunc 2>/dev/null
run 0 "verify does not look at blobs" fb ledger verify
run 1 "verify --blobs: an altered blob" fb ledger verify --blobs
like "$out" "^blob +blobs/sha256/../${blob#sha256:}: was altered" "is named"
mv "$file" "${file%?}"
run 1 "verify --blobs: a name that is none" fb ledger verify --blobs
like "$out" "^blob .*is not the name of a blob" "is named"
rm "${file%?}"
run 0 "verify --blobs --json" fb ledger verify --blobs --json
is "$out" '{"findings":[],"blobs":0,"size":10,"sound":true}' "all of it"

# ---- state directories that are not what they should be
good
sql "PRAGMA user_version = 99"
complains 6 "made by a newer firebreak \(schema 99" "newer schema: show" fb ledger show
complains 6 "made by a newer firebreak" "newer schema: init" fb ledger init
sql "PRAGMA user_version = 0; PRAGMA application_id = 7"
complains 4 "a database of another program" "another program's database" fb ledger show
head -c 30000 /dev/urandom >"$DB"
complains 4 "not a firebreak database" "garbage" fb ledger verify
complains 4 "not a firebreak database" "garbage: init" fb ledger init
head -c 10 "$TMP/good.db" >"$DB"
complains 4 "not a firebreak database" "cut to ten bytes" fb ledger show
: >"$DB"
complains 6 "holds no record" "emptied: show" fb ledger show
complains 4 "was emptied" "emptied: init" fb ledger init
is "$(stat -c %s "$DB")" 0 "it is left alone"
rm -f "$DB"
complains 6 "gone; restore it" "removed: init" fb ledger init
size=$(stat -c %s "$TMP/good.db")
for cut in $((size / 2)) $((size - 4096)) $((size - 5000)); do
	head -c "$cut" "$TMP/good.db" >"$DB"
	fb ledger verify >"$TMP/.out" 2>"$TMP/.err"
	rc=$?
	[ $rc -eq 1 ] || [ $rc -eq 4 ]
	ok $? "cut to $cut of $size bytes: verify notices (exit $rc)"
	like "$(cat "$TMP/.out" "$TMP/.err")" "damaged|malformed|not a firebreak" "and says so"
	run 1 "cut to $cut bytes: nothing is appended" "$WRITER" add "$S" x 1
	like "$err" "^EUCLEAN " "with the reason"
done
good
chmod 770 "$S"
complains 6 "others may write to it" "directory writable by the group" fb ledger show
chmod 700 "$S"
chmod 644 "$S/keys/ledger.key"
complains 6 "private key; if that is an accident: chmod 600" "key readable by all" fb ledger init
chmod 600 "$S/keys/ledger.key"
mkdir "$TMP/full" && touch "$TMP/full/x"
complains 6 "not empty, and not a state directory" "somebody else's directory" \
	fb ledger init --state "$TMP/full"
is "$(ls -A "$TMP/full")" x "it is left alone"
complains 4 "Not a directory" "a file as state directory" fb ledger init --state "$TMP/full/x"
run 0 "after all that, the record is as it was" fb ledger verify --checkpoint "$TMP/new.note"

# ---- two writers, and one that is stuck
"$WRITER" add "$S" a 40 & a=$!
"$WRITER" add "$S" b 40 & b=$!
wait $a; ok $? "first of two writers"
wait $b; ok $? "second of two writers"
is "$(fb ledger show --subject a | wc -l)$(fb ledger show --subject b | wc -l)" 4040 "nothing is lost"
run 0 "and it is sound" fb ledger verify
coproc HOLD { exec "$WRITER" hold "$S" 20000; }
read -r -u "${HOLD[0]}" line
is "$line" held "a writer sits in its transaction"
run 0 "reading goes on" fb ledger show --limit 1
run 1 "a second writer waits, then gives up" "$WRITER" add "$S" c 1
like "$err" "^EBUSY .*another process has been writing for more than 5 s; try again" "and says why"
kill "$HOLD_PID" 2>/dev/null
wait "$HOLD_PID" 2>/dev/null
run 0 "then it can write" "$WRITER" add "$S" c 1
run 0 "and it is sound" fb ledger verify
tap_done
