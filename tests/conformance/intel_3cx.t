#!/bin/bash
# The 152 public indicators of the 3CX case with their real mistakes, beside the 136 public lists of
# what is ordinary: what must be hit is hit however it is written, what must not is not.
. "$(dirname "$0")/../support/tap.sh"

[ -n "$SHARED" ] || skip_all "../shared/data is not there"
S=$TMP/state
CSV=$SHARED/cases/3cx-2023/indicators.csv
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "import json,sys; d=json.loads(sys.stdin.readline()); print($1)"; }
# VALUE: "verdict type confidence block" of each hit
look() {
	fb intel show "$1" --json | python3 -c '
import json,sys
for l in sys.stdin:
	if l.strip():
		d=json.loads(l)
		print(d["verdict"], d["type"], d["confidence"], str(d["block"]).lower(), d["how"])'
}

run 0 "the case and the lists" fb intel import "$CSV" "$SHARED/intel/warninglists" --json
is "$(json 'd["files"][0]["records"], d["files"][0]["rejected"]')" "152 0" "152 rows, none refused"

# Every value as it is, in capitals, and defanged: a hit on exactly that entry.
for how in plain capitals defanged wide; do
	python3 -c '
import csv,sys
how=sys.argv[2]
for r in csv.DictReader(open(sys.argv[1])):
	v=r["value"]; net=r["type"] in ("domain","ip","ip:port","url")
	if how=="capitals" and r["type"]!="url": v=v.upper()
	if how=="defanged" and net: v=v.replace(".","[.]").replace("https://","hxxps://").replace("tcp://","tcp[://]")
	if how=="wide" and r["type"]=="domain": v=v.replace(".","\u3002").replace("e","\uff45")
	print(v)' "$CSV" $how >"$TMP/$how.txt"
	fb intel show - --json <"$TMP/$how.txt" >"$TMP/$how.json"
	is "$(python3 -c '
import json,sys,csv
want=[r["value"] for r in csv.DictReader(open(sys.argv[2]))]
got={json.loads(l)["matched"] for l in open(sys.argv[1]) if l.strip()}
print(len([w for w in want if w not in got]))' "$TMP/$how.json" "$CSV")" 0 "all 152 are found, $how"
done

# --- the traps ---
is "$(look www.3cx.com)" "match domain 50 true same" "the victim's own name, from one source"
run 0 "one's own" fb intel own add 3cx.com
is "$(look www.3cx.com)" "held domain 0 false same" "is held once it is known as one's own"
is "$(look 3cx.com)" "" "and its parent never was one"
run 0 "held ones are listed" fb intel list --quarantined
like "$out" 'www.3cx.com' "with it"
run 1 "the typo" fb intel show acharryblogs.com --json
is "$(json 'd["sources"]')" "['maltrail']" "has one source"
run 1 "the name it is a typo of" fb intel show zacharryblogs.com --json
is "$(json 'len(d["sources"])')" 6 "has six"
run 1 "philip.je, once an e-mail address" fb intel show philip.je --json
is "$(json 'd["sources"]')" "['maltrail']" "has one source, too"
is "$(look od.lk)" "match domain 20 false same" "od.lk is on lists of popular sites: a weak hit, never blocked"
is "$(look https://od.lk/d/ntjfmzg4mde1nzjf/vxmedia | head -1)" "match url 50 true same" \
	"the one file on it is bad"
is "$(look raw.githubusercontent.com)" "" "a house of many is not bad"
is "$(look https://raw.githubusercontent.com/torvalds/linux/master/README)" "" "nor are its tenants"
is "$(look https://raw.githubusercontent.com/IconStorages/images/main/icon3.ico)" \
	"match url 50 true pattern" "but what is below the one path is, in its real spelling"
is "$(look https://raw.githubusercontent.com/iconstorages/images/)" "" "what is above it is not"
is "$(look api.msedgeupdate.net)" "match domain 50 true parent" "a name below one"
is "$(look msedgeupdate.net.example)" "" "a name that begins like one"
is "$(look xmsedgeupdate.net)" "" "a name that ends like one"
is "$(look 23.254.211.230:443 | sort)" "match ip-port 30 false port
match ipv4 30 false same" "an address with its port, on a list of VPN exits: weaker"
is "$(look 23.254.211.230:444)" "match ipv4 30 false same" "another port is the address alone"
is "$(look AA124A4B4DF12B34E74EE7F6C683B2EBEC4CE9A8EDCF9BE345823B4FDCF5D868 | cut -d' ' -f1-4)" \
	"match sha256 50 true" "a digest in capitals"
tap_done
