#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intel feed, intel fetch: HTTPS lists and TAXII 2.1 collections, honest and hostile, from this machine.
. "$(dirname "$0")/../support/tap.sh"
command -v python3 >/dev/null || skip_all 'python3 is not installed'
ldconfig -p 2>/dev/null | grep -q libcurl.so.4 || skip_all 'libcurl4 is not installed'

[ ! -w /dev/shm ] || { rmdir "$TMP"; TMP=$(mktemp -d /dev/shm/feedXXXXXX); } # nothing here is about fsync
state=$TMP/state
serve=$TMP/serve
mkdir "$serve"
python3 "$TOP/tests/support/taxii_server.py" "$serve" >"$TMP/port" 2>"$TMP/server.err" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$TMP"' EXIT
for _ in $(seq 100); do
	[ -s "$TMP/port" ] && break
	sleep 0.05
done
port=$(cat "$TMP/port")
base=http://127.0.0.1:$port
id=91a7b528-80eb-42ed-a74d-c6fbd5a26116
requests() { wc -l <"$serve/log"; }
feed() { run "$@" --state "$state"; }
values() { "$FIREBREAK" intel list --state "$state" --source "$1" --limit 0 --json |
	python3 -c 'import json,sys; print(*sorted(i["value"] for i in json.load(sys.stdin)["indicators"]))'; }

# --- the list of feeds ---
feed 0 'a feed is added' "$FIREBREAK" intel feed add lists "$base/files/list.txt" --format list --category c2 --tlp green
feed 6 'twice is refused' "$FIREBREAK" intel feed add lists "$base/files/list.txt"
feed 3 'a name with a slash' "$FIREBREAK" intel feed add ../x "$base/files/list.txt"
feed 3 'plain http elsewhere' "$FIREBREAK" intel feed add x http://192.0.2.1/x
feed 3 'a password in the URL' "$FIREBREAK" intel feed add x https://u:p@192.0.2.1/x
feed 3 'TAXII without a collection' "$FIREBREAK" intel feed add x "taxii+$base/api/"
feed 0 'it is listed' "$FIREBREAK" intel feed list
like "$out" 'never fetched' 'it was never fetched'
[ ! -e "$serve/log" ]
ok $? 'nothing was asked of the server'
feed 0 'the ledger has it' "$FIREBREAK" ledger show --kind feed.
like "$out" 'feed.add .*lists' 'with its name'
feed 3 'fetch needs names' "$FIREBREAK" intel fetch
feed 6 'fetch of none' "$FIREBREAK" intel fetch nobody

# --- a list ---
for i in 1 2 3 4 5 6; do echo "h$i.evil.example.net"; done >"$serve/list.txt"
feed 0 'fetched' "$FIREBREAK" intel fetch lists --json
like "$out" '"added":6' 'six are new'
is "$(values lists)" "$(sed 's/ /\n/g' "$serve/list.txt" | paste -sd' ')" 'they are in the database'
feed 0 'fetched again' "$FIREBREAK" intel fetch lists
like "$out" 'nothing new' 'the ETag says that nothing changed'
sed -i 1d "$serve/list.txt"
feed 0 'one less' "$FIREBREAK" intel fetch lists --json
like "$out" '"removed":1' 'what it does not say any more is removed'
: >"$serve/list.txt"
feed 6 'an empty list' "$FIREBREAK" intel fetch lists
like "$err" 'empty list replaces nothing' 'is refused'
echo '# nothing today' >"$serve/list.txt"
feed 6 'a list of comments' "$FIREBREAK" intel fetch lists
echo '<html>login</html>' >"$serve/list.txt"
feed 5 'a web page' "$FIREBREAK" intel fetch lists
like "$err" "lists: $base/files/list.txt:1: a web page" 'is told by its URL'
echo h2.evil.example.net >"$serve/list.txt"
feed 6 'a collapsed list' "$FIREBREAK" intel fetch lists
is "$(values lists | wc -w)" 5 'what was in force stays'
feed 0 'the list of feeds says why' "$FIREBREAK" intel feed list
like "$out" 'refused .*5 claims' 'refused, and what is in force'
feed 0 'if it is meant' "$FIREBREAK" intel fetch lists --shrink
is "$(values lists)" h2.evil.example.net 'then it is done'

# A feed speaks for itself only.
printf 'value,source\nevil1.example.net,lists\n' >"$serve/liar.csv"
feed 0 'a feed that names another' "$FIREBREAK" intel feed add liar "$base/files/liar.csv"
feed 0 'is fetched' "$FIREBREAK" intel fetch liar
is "$(values lists) / $(values liar)" 'h2.evil.example.net / evil1.example.net' 'its claims are its own'

printf 'value,side\nh2.evil.example.net,benign\nevil2.example.net,\n' >"$serve/soft.csv"
feed 0 'a feed that calls things ordinary' "$FIREBREAK" intel feed add soft "$base/files/soft.csv"
feed 0 'is fetched' "$FIREBREAK" intel fetch soft --json
like "$out" '"rejected":1' 'which is not for it to say'
feed 1 'so what others name' "$FIREBREAK" intel show h2.evil.example.net --json
like "$out" '"block":true' 'may be blocked'
echo '{"name":"dynamic-dns","type":"hostname","matching_attributes":["domain"],"list":["example.net"]}' \
	>"$serve/soft.csv"
feed 5 'nor as a warninglist that nobody asked for' "$FIREBREAK" intel fetch soft
feed 3 'and no feed is "own"' "$FIREBREAK" intel feed add Own "$base/files/soft.csv"
feed 0 'it is removed' "$FIREBREAK" intel feed remove soft

# --- one fails, the others do not ---
feed 0 'a feed that is not there' "$FIREBREAK" intel feed add gone "$base/files/gone.txt"
echo '{' >"$serve/broken.json"
feed 0 'a broken one' "$FIREBREAK" intel feed add broken "$base/files/broken.json" --format stix
echo h9.evil.example.net >>"$serve/list.txt"
feed 5 'all of them' "$FIREBREAK" intel fetch --all --json
is "$(printf %s "$out" | python3 -c 'import json,sys; print(*(f["name"]+":"+f["result"] for f in json.load(sys.stdin)["feeds"]))')" \
	'broken:failed gone:failed liar:unchanged lists:imported' 'each as it went'
feed 0 'gone is removed' "$FIREBREAK" intel feed remove gone
feed 0 'broken too' "$FIREBREAK" intel feed remove broken
feed 6 'not twice' "$FIREBREAK" intel feed remove broken

# --- credentials ---
echo 'bearer t0ken' >"$TMP/token"
cp "$serve/list.txt" "$serve/secret.txt"
chmod 644 "$TMP/token"
feed 6 'credentials that others can read' "$FIREBREAK" intel feed add auth "$base/auth/secret.txt" --credentials "$TMP/token"
chmod 600 "$TMP/token"
feed 0 'their own' "$FIREBREAK" intel feed add auth "$base/auth/secret.txt" --credentials "$TMP/token"
feed 0 'are sent' "$FIREBREAK" intel fetch auth
echo 'basic user:secret' >"$TMP/token"
feed 0 'basic ones, too' "$FIREBREAK" intel fetch auth --again
echo 'bearer wrong' >"$TMP/token"
feed 4 'wrong ones' "$FIREBREAK" intel fetch auth --again
like "$err" 'status 401' 'are told as such'
grep -raq -e t0ken -e wrong -e user:secret "$state"
[ $? -eq 1 ]
ok $? 'no secret is in the state'

# --- TAXII ---
feed 0 'collections of a server' "$FIREBREAK" intel feed collections "$base/taxii2/"
like "$out" "^taxii\+$base/api/collections/$id/" 'with its URL'
feed 0 'of an API root' "$FIREBREAK" intel feed collections "$base/api/" --json
like "$out" '"title":"Indicators"' 'with its title'
feed 5 'of another server' "$FIREBREAK" intel feed collections "$base/elsewhere/"
objects() { # FROM TO
	python3 - "$1" "$2" "$serve/objects.json" <<'P'
import json, sys
a, b = int(sys.argv[1]), int(sys.argv[2])
json.dump([['2026-02-01T00:00:%02d.000000Z' % n, {'type': 'indicator', 'spec_version': '2.1',
  'id': 'indicator--00000000-0000-4000-8000-%012d' % n, 'created': '2026-01-01T00:00:00.000Z',
  'modified': '2026-01-01T00:00:00.000Z', 'pattern': "[domain-name:value = 't%d.evil.example.net']" % n,
  'pattern_type': 'stix', 'valid_from': '2026-01-01T00:00:00Z'}] for n in range(a, b)],
  open(sys.argv[3], 'w'))
P
}
objects 0 5
feed 0 'a collection is added' "$FIREBREAK" intel feed add tx "taxii+$base/api/collections/$id/"
feed 0 'and fetched' "$FIREBREAK" intel fetch tx --json
like "$out" '"added":5.*"objects":5,"pages":3' 'in three pages'
like "$(tail -1 "$serve/log")" 'accept=application/taxii\+json;version=2.1' 'with the media type'
objects 0 7
feed 0 'two more' "$FIREBREAK" intel fetch tx --json
like "$out" '"added":2.*"objects":2,"pages":1' 'only those come'
like "$(tail -1 "$serve/log")" 'added_after=2026-02-01T00%3A00%3A04.000000Z' 'by the date of the last one'
feed 0 'none more' "$FIREBREAK" intel fetch tx
like "$out" 'nothing new' 'an empty envelope is nothing new'
is "$(values tx | wc -w)" 7 'all seven are in force'
touch "$serve/by-date"
feed 0 'a server that pages by date' "$FIREBREAK" intel fetch tx --again --json
like "$out" '"objects":7,"pages":4' 'all of them again'

while read -r way code words; do
	feed 0 "$way" "$FIREBREAK" intel feed add "h-$way" "taxii+$base/hostile/$way/collections/$id/"
	before=$(requests)
	feed "$code" "$way is refused" "$FIREBREAK" intel fetch "h-$way"
	like "$err" "$words" "$way says why"
	[ $(($(requests) - before)) -le 2 ]
	ok $? "$way: after two requests at most"
done <<'W'
circle 5 same.*next.*circle
standstill 5 date does not advance
nonext 5 neither.*next.*nor
type 5 not application/taxii
old 5 not application/taxii
redirect 4 status 302
cut 5 offset
huge 5 more than 67108864 bytes
notlist 5 objects.* no array
date 5 is no time
denied 4 403: this is not .x1b.31mfor you
other 4 406: not acceptable
W
feed 0 'endless pages' "$FIREBREAK" intel feed add h-endless "taxii+$base/hostile/endless/collections/$id/"
before=$(requests)
feed 5 'are given up' "$FIREBREAK" intel fetch h-endless --max-pages 20
like "$err" 'more pages than are taken' 'and says why'
is "$(($(requests) - before))" 20 'after as many as were allowed'
feed 0 'hostile ones left nothing' "$FIREBREAK" intel list --json --contains n0.evil
like "$out" '"indicators":\[\]' 'no claim of theirs'
feed 0 'intel check' "$FIREBREAK" intel check
[ -z "$(ls -A "$state/intel/fetch")" ]
ok $? 'nothing is left behind'
tap_done
