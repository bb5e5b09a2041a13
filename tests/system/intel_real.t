#!/bin/bash
# firebreak intel with what others publish: STIX 2.1 bundles, a million trails. About 4 s.
. "$(dirname "$0")/../support/tap.sh"

[ -n "$SHARED" ] || skip_all "../shared/data is not there"
S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "import json,sys; d=json.load(sys.stdin); print($1)"; }

# What is expected was counted with an independent reading of the bundles: every literal of an = in a
# pattern without AND on a hunted path is a claim, or a reject with its reason; a certificate by issuer
# and serial number is its serial number; a pattern that cannot be matched value by value is kept as
# a claim of its own.
cat >"$TMP/count.py" <<'PY'
import json, re, sys
hunted = re.compile(r"^(domain-name:value|ipv4-addr:value|ipv6-addr:value|url:value|file:name|"
                    r"email-addr:value|x509-certificate:serial_number|file:hashes\.'?(md5|sha-1|sha-256|sha-512)'?)$", re.I)
claims = set(); others = 0; rejected = 0
bundle = json.load(open(sys.argv[1]))
for o in bundle["objects"]:
    if o["type"] != "indicator":
        others += 1
        continue
    p = o["pattern"]
    for path, value in re.findall(r"([a-z0-9-]+:[^ =]+) = '((?:[^'\\]|\\.)*)'", p):
        if path == "x509-certificate:issuer":
            continue
        if not hunted.match(path) or " " in value:
            rejected += 1
            if not hunted.match(path):
                claims.add(p)
        else:
            claims.add((path.lower(), value.lower()))
    if re.search(r" (?:MATCHES|LIKE) '", p):
        rejected += 1
        claims.add(p)
print(len(claims), rejected, others)
PY
for f in "$SHARED"/intel/stix/*.json; do
	name=${f##*/}
	if [ "$name" = interop-objectmarking-test.json ]; then
		run 5 "$name" fb intel import "$f"
		like "$err" 'neither a STIX bundle nor' "$name is a campaign object, and refused as such"
		continue
	fi
	read -r claims rejected others <<<"$(python3 "$TMP/count.py" "$f")"
	rm -rf "$S"
	run 0 "$name" fb intel import "$f" --json
	is "$(json 'd["files"][0]["added"]') $(json 'd["files"][0]["rejected"]') $(json 'd["files"][0]["other_objects"]')" \
		"$claims $rejected $others" "$name: $claims claims, $rejected rejects, $others others"
done

rm -rf "$S"
start=$(date +%s%N)
run 0 "1.6 million trails" fb intel import "$SHARED/intel/maltrail-trails.txt" --source maltrail --json
echo "# import: $((($(date +%s%N) - start) / 1000000)) ms, $(du -m "$S/intel/indicators.fbi" | cut -f1) MB"
lines=$(grep -cv '^[[:space:]]*$' "$SHARED/intel/maltrail-trails.txt")
is "$(json 'd["files"][0]["records"]')" "$lines" "every line is read"
is "$(json 'd["files"][0]["added"] + d["files"][0]["merged"] + d["files"][0]["rejected"] - d["files"][0]["reasons"]["a regular expression"]')" \
	"$lines" "every line is a claim, a repetition or a reject (a regular expression: kept, and told)"
is "$(json 'd["files"][0]["rejected"] < 300')" True "and hardly any is a reject"
echo x >"$TMP/file"
start=$(date +%s%N)
run 0 "hunting with all of them" fb hunt "$TMP/file" --json
echo "# load: $((($(date +%s%N) - start) / 1000000)) ms"
is "$(json 'd["indicators"]["total"] > 1400000')" True "looks for all that can be seen"
tap_done
