#!/bin/bash
# firebreak intel: the compiled database in the state: show, block, remove, expire, own, status, check;
# kill -9 at any moment, a full disk, damage, and a state of an older firebreak.
[ -w /dev/shm ] && export TMPDIR=/dev/shm # hundreds of fsyncs
. "$(dirname "$0")/../support/tap.sh"

S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin); print(($1))"; }
lines() { printf '%s\n' "$out" | python3 -c "import json,sys; d=[json.loads(l) for l in sys.stdin if l.strip()]; print(($1))"; }
# What is in service, and what the ledger says.
state() { fb intel list --limit 0 --json | sha256sum; fb ledger show --limit 0 --json | sha256sum; }

cd "$TMP" || exit 1

# --- a state without intelligence ---
run 6 "status without a state" fb intel status
run 0 "a state" fb ledger init
run 6 "has no intelligence" fb intel status
run 6 "nothing to check" fb intel check
run 6 "nothing to remove" fb intel remove evil.example.net
run 0 "nobody names anything" fb intel show evil.example.net
run 0 "the first block makes a database" fb intel block evil.example.net --reason 'INC-7' --as alice
run 1 "which is found" fb intel show evil.example.net
like "$out" 'alice: confidence 100, category blocked' "with who said so"
like "$out" 'INC-7' "and why"
rm -rf "$S"

# --- show ---
cat >feed.csv <<'X'
type,value,source,confidence,category,valid_until,tlp,licence,campaign
domain,evil.example.net,one,90,c2,,amber,CC0-1.0,op
domain,evil.example.net,two,40,c2,,,,
ipv4,198.51.100.0/24,one,60,c2,,,,
ip-port,203.0.113.9:443,one,60,c2,,,,
url,http://evil.example.net/a/b,two,50,malware,,,,
md5,00a43d64f9b5187a1e1f922b99b09b77,two,80,malware,,,,
imphash,00a43d64f9b5187a1e1f922b99b09b77,one,80,malware,,,,
file-name,setup.example.exe,one,50,malware,,,,
domain,old.example.net,two,50,c2,2020-01-01,,,
X
run 0 "a feed" fb intel import feed.csv --json
is "$(json 'd["generation"], d["indicators"], d["claims"]')" "(1, 8, 9)" "is generation 1"
run 1 "show as JSON" fb intel show 'WWW.evil[.]example.net.' --json
is "$(lines 'len(d), d[0]["value"], d[0]["matched"], d[0]["how"], d[0]["sources"], d[0]["type"]')" \
	"(1, 'www.evil.example.net', 'evil.example.net', 'parent', ['one', 'two'], 'domain')" \
	"one object a hit: value, matched, how, sources"
is "$(lines 'd[0]["claimed"], d[0]["confidence"] <= 90, d[0]["block"], d[0]["verdict"]')" \
	"(90, True, True, 'match')" "claimed, weighed, to be blocked"
is "$(lines 'sorted(d[0]["claims"][0]["claim"].items())[0:2], d[0]["claims"][0]["first_import"]["entry"]')" \
	"([('campaign', 'op'), ('category', 'c2')], 0)" "each claim, with its import"
run 1 "an address in a network" fb intel show 198.51.100.77 --json
is "$(lines 'd[0]["matched"], d[0]["how"]')" "('198.51.100.0/24', 'network')" "is found by it"
run 1 "a smaller network" fb intel show 198.51.100.0/28 --json
is "$(lines 'd[0]["how"]')" network "as well"
run 0 "a larger one is not" fb intel show 198.51.0.0/16
run 1 "an address with its port" fb intel show 203.0.113.9:443 --json
is "$(lines 'd[0]["matched"]')" 203.0.113.9:443 "is found"
run 0 "the address alone is not" fb intel show 203.0.113.9
run 1 "a URL" fb intel show hxxp://evil.example.net/a/b --json
is "$(lines '[(x["matched"], x["type"]) for x in d]')" \
	"[('http://evil.example.net/a/b', 'url'), ('evil.example.net', 'domain')]" "and what is said of its host"
run 1 "one digest of two kinds" fb intel show 00A43D64F9B5187A1E1F922B99B09B77 --json
is "$(lines 'sorted(x["type"] for x in d)')" "['imphash', 'md5']" "is told as both"
run 1 "with --type" fb intel show 00a43d64f9b5187a1e1f922b99b09b77 --type imphash --json
is "$(lines '[x["type"] for x in d]')" "['imphash']" "as that"
run 1 "an expired one" fb intel show old.example.net
like "$out" 'old.example.net \(expired\)' "says so"
run 1 "several values" fb intel show evil.example.net harmless.example.org --json
is "$(lines 'len(d)')" 1 "one object: nobody names the other"
run 5 "one of several is no value" fb intel show 'a b' evil.example.net --json
is "$(lines 'len(d)')" 1 "the other is answered"
like "$err" 'a b: ' "and it is told"
printf '%s\n' evil.example.net '# comment' '' 'x.evil.example.net ' 'harmless.example.org' >values
run 1 "values from stdin" bash -c "'$FIREBREAK' intel show - --state '$S' --json <values"
is "$(lines '[x["value"] for x in d]')" "['evil.example.net', 'x.evil.example.net']" "are answered"
printf 'a b\n' >>values
run 5 "a line that is no value" bash -c "'$FIREBREAK' intel show - --state '$S' --json <values"
is "$(lines 'len(d)')" 2 "does not stop the others"
like "$err" 'line 6: ' "is told with its number"

# --- changes without a build ---
run 0 "block" fb intel block new.example.net 192.0.2.7 --source me --until 2h --confidence 70
run 1 "is found at once" fb intel show a.new.example.net --json
is "$(lines 'd[0]["sources"], d[0]["claimed"]')" "(['me'], 70)" "as claimed"
run 0 "and over in time" fb intel list --source me --in-force --clock 2099-01-01T00:00:00Z
is "$out" "No indicators like that." "as said"
run 0 "it is in the ledger" fb ledger show --kind intel.block --limit 0
is "$(printf '%s\n' "$out" | grep -c intel.block)" 2 "an entry each"
run 0 "remove one source's claim" fb intel remove evil.example.net --source one
run 1 "the other's stays" fb intel show evil.example.net --json
is "$(lines 'd[0]["sources"]')" "['two']" "alone"
run 0 "expire" fb intel expire 198.51.100.0/24
run 1 "it is shown" fb intel show 198.51.100.7
like "$out" '\(expired\)' "as expired"
run 6 "remove what nobody says" fb intel remove nothing.example.org
like "$err" 'nobody says that' "says so"
before=$(state)
run 6 "all of one command or nothing" fb intel remove evil.example.net nothing.example.org
is "$(state)" "$before" "nothing"
run 3 "block what is no value" fb intel block 'a b'
run 3 "an end that is over" fb intel block x.example.net --until 2000-01-01T00:00:00Z
is "$(fb intel list --limit 0 | wc -l)" 10 "listed as it counts"
run 0 "status" fb intel status --json
is "$(json 'd["generation"], d["overlay"] > 0, d["state"], d["staged"]')" "(1, True, 'current', False)" \
	"knows the overlay"
list=$(fb intel list --limit 0 | sort)
printf 'third.example.net\n' >third.txt
run 0 "the next import" fb intel import third.txt --source three
run 0 "status" fb intel status --json
is "$(json 'd["generation"], d["overlay"], d["state"]')" "(2, 0, 'current')" "has folded it in"
is "$(fb intel list --limit 0 | grep -v third | sort)" "$list" "and nothing changed by that"

# --- one's own ---
run 0 "one's own" fb intel own add example.net
run 1 "is shown" fb intel show evil.example.net --json
is "$(lines 'd[0]["verdict"], d[0]["block"]')" "('held', False)" "as held"
mkdir tree && echo x >tree/f
run 0 "listed" fb intel own list --json
is "$(json '[(i["type"], i["value"]) for i in d["own"]]')" "[('domain', 'example.net')]" "as one's own"
like "$(fb intel list --quarantined)" 'evil.example.net .* own' "what is held by it"
printf 'www.example.net\nelsewhere.example.org\n' >victim.txt
run 0 "a feed that lists the victim" fb intel import victim.txt --source edr
like "$out" '1 quarantined' "says that it is held"
run 0 "without that" fb intel remove www.example.net elsewhere.example.org
run 0 "take it back" fb intel own remove example.net
run 1 "and the hit" fb intel show evil.example.net --json
is "$(lines 'd[0]["verdict"]')" match "is one again"
printf '10.0.0.1\nbad.example.org\n' >poison.txt
run 0 "a poisoned feed" fb intel import poison.txt --source p --json
is "$(json 'd["files"][0]["quarantined"], sum(d["files"][0]["quarantine_reasons"].values())')" "(1, 1)" \
	"what is no evidence is counted"
run 0 "to block such" fb intel block 10.0.0.2 fine.example.org
like "$out" 'no hit: an address of private use' "is told to be no hit"
is "$(printf '%s\n' "$out" | wc -l)" 3 "and nothing is said of others"
like "$(fb intel list --quarantined --source p)" '10.0.0.1' "and listed"

# --- folders ---
mkdir folder
printf 'type,value\ndomain,good.folder.example\n' >folder/a.csv
printf 'type,value\ndomain,half.folder.example\ndomain,"broken\n' >folder/b.csv
printf 'type,value\ndomain,other.folder.example\n' >folder/c.csv
before=$(state)
run 5 "--strict refuses a folder with a malformed file" fb intel import folder --source dir --strict
like "$err" 'b.csv:3: ' "names it"
is "$(state)" "$before" "nothing is changed"
run 5 "a malformed file by its own name" fb intel import folder/a.csv folder/b.csv --source dir
is "$(state)" "$before" "refuses all"
run 0 "a folder with a malformed file" fb intel import folder --source dir --json
is "$(json 'd["files"][0]["files"], d["files"][0]["added"], d["files"][0]["rejected"]')" "(3, 2, 1)" \
	"is one reject"
is "$(json 'd["files"][0]["reasons"], d["files"][0]["rejects"][0]["file"]')" \
	"({'a malformed file': 1}, 'folder/b.csv')" "with its name"
run 0 "nothing of it" fb intel show half.folder.example
run 1 "the others" fb intel show other.folder.example
run 0 "as text" fb intel import folder --source dir
like "$out" 'a malformed file: folder/b.csv:3: ' "says where"
mkdir -p deep/a/b/.git deep/feed deep/lists/top
seq 1 9 | sed 's/^/no value /' >deep/a/1.txt
cp folder/a.csv deep/a/b/z.csv; cp folder/b.csv deep/a/b/broken.csv; cp folder/c.csv deep/a/b/.git/no.csv
printf '{}' >deep/feed/manifest.json; cp folder/c.csv deep/feed/
echo '{"name":"top","type":"hostname","list":["top.deep.example"],"matching_attributes":["domain"]}' >deep/lists/top/list.json
echo 'other' >deep/lists/README; ln -s ../folder deep/link
run 0 "folders in folders" fb intel import deep --show-rejects 1 --json
is "$(json 'd["files"][0]["files"], d["files"][0]["added"]')" "(4, 2)" "are read, each for what it is; links are not"
is "$(json 'd["files"][0]["format"]')" auto "of several formats"
is "$(json '[r["reason"] for r in d["files"][0]["rejects"]]')" "['a malformed file']" \
	"a malformed file is told before ten bad values"

# --- kill -9 at any moment: the old or the new, and no repair ---
seq 1 10000 | sed 's/.*/n&.feed.example.net/' >big.txt
bad=0
kills=6
[ -n "${SANITIZED:-}" ] && kills=2
for i in $(seq 1 $kills); do
	gen=$(fb intel status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["generation"])')
	fb intel import big.txt --source "big$i" >/dev/null 2>&1 &
	sleep "0.0$((10 + i * 7))"
	kill -9 $! 2>/dev/null
	wait $! 2>/dev/null
	"$FIREBREAK" intel show third.example.net --state "$S" >/dev/null 2>&1
	[ $? -eq 1 ] || { bad=$((bad + 1)); echo "# $i: the old database is gone"; }
	fb intel block "after$i.example.net" >/dev/null 2>&1 || { bad=$((bad + 1)); echo "# $i: cannot write"; }
	fb intel check >/dev/null || { bad=$((bad + 1)); echo "# $i: $(fb intel check)"; }
	now=$(fb intel status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["generation"])')
	n=$(fb intel list --limit 0 --source "big$i" | grep -c feed)
	entries=$(fb ledger show --kind intel.import --limit 0 --json | grep -c "big$i\"")
	[ "$n" -eq $((entries * 10000)) ] || { bad=$((bad + 1)); echo "# $i: $n claims, $entries entries, $gen to $now"; }
done
is "$bad" 0 "killed at any moment: all or nothing, and the ledger agrees"
is "$(ls "$S/intel" | grep -v overlay-previous)" "indicators.fbi
overlay.fbi
previous.fbi" "nothing is left over"

# --- several writers at once ---
for w in 1 2 3 4; do
	for i in $(seq 1 8); do
		fb intel block "b$i.writer$w.example.net" >/dev/null 2>>"writer$w" || echo "exit $?" >>"writer$w"
	done &
done
fb intel import big.txt --source beside >/dev/null 2>>writer5 || echo "exit $?" >>writer5
wait
is "$(cat writer?)" "" "writers wait for each other"
for w in 1 2 3 4; do for i in $(seq 1 8); do echo "b$i.writer$w.example.net"; done; done >blocked
run 1 "all that they said" bash -c "'$FIREBREAK' intel show - --state '$S' --json <blocked"
is "$(lines 'len(d)')" 32 "is in force"

# --- a full disk ---
before=$(state)
run 4 "no room for the next database" bash -c \
	"trap '' XFSZ; ulimit -f 60; '$FIREBREAK' intel import big.txt --source disk --state '$S'"
is "$(printf '%s\n' "$err" | wc -l)" 1 "one line"
is "$(state)" "$before" "what was in force is"
run 0 "check" fb intel check
if [ "$(id -u)" -eq 0 ] && mkdir tiny && mount -t tmpfs -o size=3m none tiny 2>/dev/null; then
	cp -a "$S/firebreak.db" "$S/keys" "$S/blobs" tiny/ && mkdir -m 700 tiny/intel && chmod 700 tiny
	"$FIREBREAK" intel import third.txt --state tiny >/dev/null
	head -c 100M /dev/zero >tiny/fill 2>/dev/null
	truncate -s -100K tiny/fill
	run 4 "a full file system" "$FIREBREAK" intel import big.txt --state tiny
	like "$err" 'stays so; make room' "says what to do"
	"$FIREBREAK" intel show third.example.net --state tiny >/dev/null
	is $? 1 "the old database is in service"
	umount tiny
else
	skip "a full file system" "no tmpfs of our own"
fi

# --- damage ---
run 0 "one more" fb intel import third.txt --source four
cp -p "$S/intel/indicators.fbi" good.fbi
gen=$(fb intel status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["generation"])')
truncate -s -100 "$S/intel/indicators.fbi"
run 1 "cut off: the one before it answers" fb intel show third.example.net
like "$err" 'indicators.fbi.*the generation before it' "and that is said"
run 1 "status says so" fb intel status --json
is "$(json 'd["previous"], d["state"]')" "(True, 'behind')" "too"
run 1 "check" fb intel check
like "$out" '^indicators.fbi: .*' "names the file"
cp good.fbi "$S/intel/indicators.fbi"
printf 'X' | dd of="$S/intel/indicators.fbi" bs=1 seek=5000 conv=notrunc 2>/dev/null
run 1 "one byte changed" fb intel show third.example.net
like "$err" 'the generation before it' "is noticed"
run 0 "an import goes on from the one before it" fb intel import third.txt --source five
run 0 "and repairs" fb intel check
is "$(fb intel status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["generation"])')" \
	"$((gen + 1))" "as a newer generation"
run 0 "two changes" fb intel block first.example.com
run 0 "since" fb intel block second.example.com
head -c 100 /dev/urandom >"$S/intel/overlay.fbi"
run 1 "a damaged overlay" fb intel show third.example.net
like "$err" 'since the last import is not in service' "is said"
run 1 "what was blocked before the last change" fb intel show first.example.com
run 0 "a change" fb intel block third.example.com
like "$err" 'not in service' "goes on from there, and says so"
run 0 "check" fb intel check

run 0 "a change" fb intel block fourth.example.com
"$FIREBREAK" intel import third.txt --source other --state "$TMP/other" >/dev/null
cp "$TMP/other/intel/indicators.fbi" "$S/intel/indicators.fbi"
run 1 "another database in its place" fb intel check
like "$out" 'The ledger names' "is not what the ledger names"

# --- what an older firebreak held ---
old=$TMP/old
"$FIREBREAK" ledger init --state "$old" >/dev/null
python3 - "$old/firebreak.db" <<'X'
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.executescript("""CREATE TABLE indicator (type TEXT NOT NULL, value TEXT NOT NULL, source TEXT NOT NULL,
 exact INTEGER NOT NULL, confidence INTEGER NOT NULL, category TEXT, campaign TEXT, note TEXT,
 valid_from INTEGER NOT NULL, valid_until INTEGER NOT NULL, first_import INTEGER NOT NULL,
 last_import INTEGER NOT NULL, PRIMARY KEY (type, value, source)) STRICT, WITHOUT ROWID;
 INSERT INTO indicator VALUES ('domain','kept.example.net','feed',0,70,'c2','x','note',
 -9223372036854775808,9223372036854775807,0,0); PRAGMA user_version = 3""")
X
run 6 "a state of an older firebreak, read" "$FIREBREAK" intel show kept.example.net --state "$old"
like "$err" 'older firebreak' "says so"
run 0 "any command that writes" "$FIREBREAK" ledger init --state "$old"
like "$err" 'moved 1 claims' "moves what it held"
run 1 "nothing is lost" "$FIREBREAK" intel show kept.example.net --state "$old"
like "$out" 'feed: confidence 70, category c2, campaign x' "of it"
run 0 "the ledger is sound" "$FIREBREAK" ledger verify --state "$old"
tap_done
