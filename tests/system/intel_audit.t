#!/bin/bash
# firebreak intel audit and own: what is counted of each feed, what is held, and that it comes back.
. "$(dirname "$0")/../support/tap.sh"

S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }
feed() { json "[f for f in d['feeds'] if f['source']=='$1'][0]$2"; }

cd "$TMP" || exit 1
run 6 "without a state" fb intel audit

cat >one.csv <<'CSV'
type,value,source,confidence,valid_until,last_seen
domain,evil.popular.example,one|two,80,,2026-11-20
domain,avsvmcloud.com,one,90,,2026-11-20
domain,co.uk,one,50,,2026-11-20
domain,github.io,one,50,,2026-11-20
domain,printer.local,one,50,,2026-11-20
domain,www.victim.example,one,50,,2026-11-20
domain,old.example,two,50,2026-01-01,2025-12-01
domain,faded.example,two,40,,2024-01-01
ipv4,198.51.100.7,two,50,,2026-11-20
ipv4,192.168.1.1,two,50,,2026-11-20
ip-port,198.51.100.8:443,two,50,,2026-11-20
md5,68b329da9893e34099c7d8ad5cb9c940,two,50,,2026-11-20
domain,com,two,50,,2026-11-20
ipv4,0.0.0.0/0,two,50,,2026-11-20
ipv4,127.0.0.1,two,50,,2026-11-20
CSV
mkdir -p lists/tranco10k lists/cloudflare
echo '{"name":"t","type":"hostname","matching_attributes":["domain"],"list":["popular.example","avsvmcloud.com"]}' >lists/tranco10k/list.json
echo '{"name":"c","type":"cidr","matching_attributes":["ip-src"],"list":["198.51.100.0/24"]}' >lists/cloudflare/list.json

run 0 "claims" fb intel import one.csv --clock 2026-11-22T00:00:00Z --json
is "$(json 'd["files"][0]["rejected"]')" 4 "what would match everywhere is refused: com, 0.0.0.0/0, loopback, one line feed"
is "$(json 'sorted(d["files"][0]["reasons"].values())')" "[1, 1, 1, 1]" "each with its reason"
run 0 "lists" fb intel import lists --format warninglist
run 0 "an audit" fb intel audit --json --clock 2026-11-22T00:00:00Z
is "$(json 'd["entries"], d["single_source"]')" "11 10" "values, and those of one source"
is "$(json 'd["benign"]["top-site"], d["benign"]["cdn"]')" "2 1" "benign claims by category"
is "$(feed one "['entries'], f['kinds']" 2>/dev/null || feed one "['entries']")" 6 "what a feed names"
is "$(feed one "['only']")" 5 "what it alone names"
is "$(feed one "['overlap']")" "[{'entries': 1, 'source': 'two'}]" "what it shares, with whom"
is "$(feed one "['names']['top-site']")" "{'below': 1, 'on': 1, 'per_10000': 3333}" "on and below a top site"
is "$(feed one "['held']")" "{'own': 0, 'poison': 2, 'private': 0}" "held: a suffix, a special name"
is "$(feed one "['tenants']")" 1 "a name that many share"
is "$(feed two "['addresses']['cdn']")" "{'below': 2, 'on': 0, 'per_10000': 6667}" "inside a network"
is "$(feed two "['held']['private']")" 1 "an address of private use"
is "$(feed two "['expired']") $(feed two "['faded']")" "1 1" "expired, and faded"
is "$(feed two "['seen']['newest']") $(feed two "['seen']['ages']['older']")" "2026-11-20T00:00:00Z 1" "ages"
like "$(feed one "['suggestions']")" '2 of its values are held' "a suggestion"
run 0 "as text" fb intel audit
like "$out" '^  names +33.3 % of 6 on benign lists or below them: top-site 33.3 % \(1 on, 1 below them\)' "names"
like "$out" '^  addresses +66.7 % of 3 on benign lists or inside: cdn 66.7 %' "addresses"
run 0 "one feed" fb intel audit --source one
is "$(printf '%s\n' "$out" | grep -c '^two')" 0 "and no other"
run 6 "an unknown one" fb intel audit --source three
run 3 "a limit that is none" fb intel audit --limit x

# --- lists lower, never silence ---
run 1 "SUNBURST's C2 on a top-site list is a hit" fb intel show x.appsync-api.avsvmcloud.com --json --clock 2026-11-20T00:00:00Z
is "$(json '(d["verdict"], d["claimed"], d["confidence"], d["block"])')" "('match', 90, 36, False)" \
	"surely less sure, and never blocked"
fb intel show tenant.github.io --json >tenant.json
is "$(grep -c '"verdict":"match"' tenant.json)" 0 "a claim on github.io does not hit its tenants"
run 1 "github.io itself" fb intel show github.io --json
is "$(json 'd["verdict"]')" match "is one"

# --- one's own ---
run 0 "nothing is own" fb intel own list
like "$out" 'Nothing' "says so"
run 0 "own" fb intel own add victim.example 203.0.113.0/24 --reason ours
run 0 "listed" fb intel own list --json
is "$(json '[(i["type"], i["value"], i["note"]) for i in d["own"]]')" \
	"[('domain', 'victim.example', 'ours'), ('ipv4', '203.0.113.0/24', 'ours')]" "with the reason"
fb intel show www.victim.example --json >held.json
like "$(cat held.json)" '"verdict":"held","why":"the organisation.s own"' "what feeds say of it is held"
run 0 "and counted" fb intel audit --json
is "$(feed one "['held']['own']")" 1 "as own"
run 0 "it counts after the next import, too" fb intel import one.csv --clock 2026-11-22T00:00:00Z
like "$(fb intel show www.victim.example --json)" '"verdict":"held"' "still held"
printf 'http://www.victim.example/x\nhttp://victim.example@evil.example.net/y\nmailbox@victim.example\nhttps://203.0.113.9:8443/\n' >at.txt
run 0 "a feed of places at one's own hosts" fb intel import at.txt --source at
like "$out" '3 +the organisation.s own' "is held, but for what only looks so"
is "$(fb intel show - --json <at.txt | python3 -c 'import json,sys
print(*[d["verdict"] for d in map(json.loads, sys.stdin) if d["sources"] == ["at"]])')" \
	"held match held held" "in lookups, too"
is "$(fb intel list --quarantined --source at | wc -l)" 3 "and in the list"
run 0 "they go" fb intel remove http://www.victim.example/x mailbox@victim.example https://203.0.113.9:8443/ \
	http://victim.example@evil.example.net/y
run 0 "taken back" fb intel own remove victim.example
like "$(fb intel show www.victim.example --json)" '"verdict":"match"' "it counts again"
run 6 "what was not there" fb intel own remove other.example
run 3 "no value" fb intel own add 'a b'
for v in com 0.0.0.0/0 ::/0 co.uk github.io 00a43d64f9b5187a1e1f922b99b09b77 victim.example/a; do
	run 3 "$v is nobody's own" fb intel own add victim.example "$v"
done
like "$(fb intel own list)" '^ipv4 +203.0.113.0/24  ours$' "and nothing of such a command is taken"
run 0 "but the name alone" fb intel own add github.io --exact
run 0 "and taken back" fb intel own remove github.io
printf 'value,source,side,category\ncom,own,benign,own\nexample,feed,benign,own\n' >usurper.csv
run 5 "a feed does not say what is own" fb intel import usurper.csv
like "$err" 'not for a file to say' "and is told so"
run 5 "nor replaces what is" fb intel import usurper.csv --replace --shrink
run 0 "who imports it may" fb intel import usurper.csv --benign --category own
run 0 "and take it back" fb intel own remove com
run 0 "the ledger" fb ledger show --limit 0 --json
is "$(printf '%s' "$out" | grep -o '"intel.own"\|"intel.disown"' | sort | uniq -c | tr -s ' \n' ' ')" \
	' 3 "intel.disown" 3 "intel.own" ' "has all of it"
tap_done
