#!/bin/bash
# What becomes of hits: JSON lines, SARIF 2.1.0, STIX 2.1 sightings; intel retro.
. "$(dirname "$0")/../support/tap.sh"

TOOL=$BUILD/tests/system/capture_tool
S=$TMP/state
fb() { "$FIREBREAK" "$@" --state "$S"; }
json() { printf '%s' "$out" | python3 -c "
import json,sys
d=json.load(sys.stdin)
h=d.get('hits',[])
print($1)"; }

cd "$TMP" || exit 1
mkdir -p 'ep/a b{x}[y]'
echo bad >'ep/a b{x}[y]/bäd%.exe'
printf 'bad too' >"ep/$(printf 'q\377')"
echo fine >ep/fine
{
	echo 'type,value,source,category,confidence,tlp'
	echo "sha256,$(sha256sum <'ep/a b{x}[y]/bäd%.exe' | cut -d' ' -f1),edr,malware,90,amber"
	echo "sha256,$(sha256sum <ep/q* | cut -d' ' -f1),edr,malware,30,"
	echo "file-name,bäd%.exe,o'hara [x],malware,60,"
	echo "domain,evil.example,edr,c2,80,"
	echo "ipv4,198.51.100.0/24,edr,c2,50,"
	echo "ip-port,203.0.113.9:443,edr,c2,50,"
} >edr.csv
"$TOOL" w.pcap 2023-03-22T14:00:00Z dns 192.0.2.10 www.evil.example 198.51.100.1 \
	tls 192.0.2.11 203.0.113.9 plain.example dns 2001:db8::10 harmless.example 2001:db8::1

# --- all of them at once ---
run 1 "JSON lines, SARIF and STIX" fb hunt ep --pcap w.pcap --indicators edr.csv --jsonl \
	--sarif out.sarif --stix out.stix --clock 2026-11-22T03:00:00.5Z
printf '%s\n' "$out" >out.jsonl
is "$(python3 -c "
import json
l=[json.loads(x) for x in open('out.jsonl')]
print([sorted(x) for x in l[-2:]], sum('hit' in x for x in l), l[-1]['summary']['hits_total'])")" \
	"[['hit'], ['summary']] 6 6" "a line a hit, and the summary"
is "$(python3 -c "
import json
h=[json.loads(x)['hit'] for x in open('out.jsonl') if '\"hit\"' in x]
print(all(x['sources'] and x['next'] and 0 <= x['confidence'] <= 100 and x['matched'] for x in h))")" True \
	"each says from which source, how sure, and what to do"
cat >sarif.py <<'PY'
# The rules of the SARIF 2.1.0 schema for the members that are used.
import json, re, sys, urllib.parse
d = json.load(open(sys.argv[1]))
assert set(d) == {"$schema", "version", "runs"} and d["version"] == "2.1.0"
run, = d["runs"]
assert set(run) <= {"tool", "invocations", "artifacts", "results"}
driver = run["tool"]["driver"]
assert driver["name"] and re.match(r"\d+\.\d+\.\d+$", driver["semanticVersion"])
ids = [r["id"] for r in driver["rules"]]
assert len(ids) == len(set(ids)) and all(r["shortDescription"]["text"] and r["help"]["text"] for r in driver["rules"])
time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"
uri = lambda u: re.match(r"^(file:///)?([A-Za-z0-9._~/-]|%[0-9A-F]{2})*$", u)
for i in run["invocations"]:
    assert isinstance(i["executionSuccessful"], bool)
    assert re.match(time, i["startTimeUtc"]) and re.match(time, i["endTimeUtc"])
    for n in i["toolExecutionNotifications"]:
        assert n["level"] in ("none", "note", "warning", "error") and n["message"]["text"]
for a in run["artifacts"]:
    assert uri(a["location"]["uri"]) and a["length"] >= -1 and re.match("[0-9a-f]{64}$", a["hashes"]["sha-256"])
for r in run["results"]:
    assert ids[r["ruleIndex"]] == r["ruleId"] and r["kind"] == "fail"
    assert r["level"] in ("none", "note", "warning", "error") and -1 <= r["rank"] <= 100
    text = r["message"]["text"]
    assert text and not re.search(r"(?<!\\)\[[^\]]*(?<!\\)\]\(", text)
    for l in r["locations"]:
        assert uri(l["physicalLocation"]["artifactLocation"]["uri"])
    assert all(re.match("[0-9a-f]{64}$", v) for v in r["fingerprints"].values())
fp = [r["fingerprints"]["firebreakHit/v1"] for r in run["results"]]
assert len(fp) == len(set(fp))
paths = sorted({urllib.parse.unquote_to_bytes(r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"])
                for r in run["results"]})
print(len(run["results"]), sorted(r["level"] for r in run["results"]), paths)
PY
is "$(python3 sarif.py out.sarif)" \
	"6 ['error', 'error', 'note', 'warning', 'warning', 'warning'] [b'ep/a b{x}[y]/b\\xc3\\xa4d%.exe', b'ep/q\\xff', b'w.pcap']" \
	"SARIF keeps to its schema"
cat >stix.py <<'PY'
# STIX 2.1: required properties, references, deterministic identifiers (section 2.9).
import json, re, sys, uuid
d = json.load(open(sys.argv[1]))
assert set(d) == {"type", "id", "objects"} and d["type"] == "bundle"
SCO = uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7")
need = {"identity": {"name"}, "indicator": {"pattern", "pattern_type", "valid_from"},
        "observed-data": {"first_observed", "last_observed", "number_observed", "object_refs"},
        "sighting": {"sighting_of_ref"}}
contrib = {"file": ("hashes", "name", "parent_directory_ref"), "directory": ("path",), "domain-name": ("value",),
           "ipv4-addr": ("value",), "ipv6-addr": ("value",), "network-traffic": ("src_ref", "dst_ref", "protocols")}
by = {}
for o in d["objects"]:
    assert o["spec_version"] == "2.1" and re.match(o["type"] + r"--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", o["id"])
    assert o["id"] not in by
    by[o["id"]] = o
    if o["type"] in contrib:
        props = {k: o[k] for k in contrib[o["type"]] if k in o}
        name = json.dumps(props, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert o["id"] == o["type"] + "--" + str(uuid.uuid5(SCO, name)), o
        assert "created" not in o
    else:
        assert need[o["type"]] <= set(o) and {"created", "modified"} <= set(o), o
refs = lambda v: [v] if isinstance(v, str) else v
for o in by.values():
    for k, v in o.items():
        if k.endswith("_ref") or k.endswith("_refs"):
            assert all(r in by or r.startswith("marking-definition--") for r in refs(v)), (k, v)
seen = [o for o in by.values() if o["type"] == "sighting"]
for s in seen:
    data = by[s["observed_data_refs"][0]]
    assert by[s["sighting_of_ref"]]["type"] == "indicator" and data["first_observed"] <= data["last_observed"]
    assert by[s["where_sighted_refs"][0]]["type"] == "identity" and 1 <= s["count"] <= 999999999
    assert 0 <= s["confidence"] <= 100 and s["first_seen"] <= s["last_seen"]
print(len(seen), sorted({o["type"] for o in by.values()}))
print("\n".join(sorted(o["pattern"] for o in by.values() if o["type"] == "indicator" and "hashes" not in o["pattern"])))
print(sorted({m for o in by.values() for m in o.get("object_marking_refs", [])}))
PY
python3 stix.py out.stix >stix.txt 2>&1
cat >want.txt <<'TXT'
6 ['directory', 'domain-name', 'file', 'identity', 'indicator', 'ipv4-addr', 'network-traffic', 'observed-data', 'sighting']
[domain-name:value = 'evil.example']
[file:name = 'bäd%.exe']
[ipv4-addr:value ISSUBSET '198.51.100.0/24']
[network-traffic:dst_ref.value = '203.0.113.9' AND network-traffic:dst_port = 443]
['marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421']
TXT
is "$(cat stix.txt)" "$(cat want.txt)" "STIX has what it must have, and its identifiers"
cp out.stix first.stix
fb hunt ep --pcap w.pcap --indicators edr.csv --stix out.stix --clock 2026-11-22T03:00:00.5Z >/dev/null
cmp -s out.stix first.stix
ok $? "the same hits at the same time are the same bundle"
run 0 "which is imported again as STIX" fb ledger init
run 0 "by firebreak itself" fb intel import out.stix --format stix
run 4 "a file that cannot be written" fb hunt ep --indicators edr.csv --sarif none/out.sarif
run 3 "one object and one a line" fb hunt ep --indicators edr.csv --json --jsonl

# --- retro ---
S=$TMP/retro
fb ledger init >/dev/null
printf 'value\nnothing.example\n' >other.csv
fb intel import other.csv >/dev/null
run 0 "a hunt finds nothing" fb hunt ep --pcap w.pcap --all-digests --json
is "$(printf '%s' "$out" | python3 -c 'import json, sys; print(json.load(sys.stdin)["recorded"])')" True "which is recorded"
for net in 198.51.100.0/24 198.51.96.0/20 198.51.100.0/30 198.51.100.1/32; do
	run 1 "an address of $net was seen" fb seen "$net" --json
	like "$out" '"value":"198.51.100.1"' "which is told"
done
for net in 198.51.100.2/31 198.51.112.0/20 2001:db8:ffff::/48; do
	run 0 "none of $net" fb seen "$net"
done
run 0 "a name" fb seen evil.example
like "$out" 'never seen .*--sub-domains' "is not what is below it, which is said"
run 1 "below it" fb seen evil.example --sub-domains
run 3 "what no hunt records" fb seen http://www.evil.example/a
like "$err" 'no hunt records.*ask for its host' "was not never seen"
run 1 "beside what was seen" fb seen http://www.evil.example/a www.evil.example
run 0 "nor does the first retro" fb intel retro
rm -r ep w.pcap
{
	grep -v '^sha256.*,30,' edr.csv
	printf 'md5,%s,late,malware,70,\n' "$(printf 'bad too' | md5sum | cut -d' ' -f1)"
} >late.csv
fb intel import late.csv >/dev/null
run 1 "new indicators are hunted back, the files are gone" fb intel retro --json
cat >want.txt <<'TXT'
address 198.51.100.0/24 /w.pcap 198.51.100.1
dns evil.example /w.pcap www.evil.example
file-digest MD5 /ep/q None
file-digest SHA256 /ep/a b{x}[y]/bäd%.exe None
file-name bäd%.exe /ep/a b{x}[y]/bäd%.exe None
TXT
json '"\n".join(sorted("%s %s %s %s" % (x["kind"],
	{"md5":"MD5","sha256":"SHA256"}.get(x["indicator"]["type"], x["matched"]),
	x.get("path", x.get("capture")).replace("'"$TMP"'", "").rstrip("\ufffd\u00ff"), x.get("observed")) for x in h))' >got.txt
sed -i 's/q[^ ]* None/q None/' got.txt
is "$(cat got.txt)" "$(cat want.txt)" "digests, names and addresses, with what was seen"
is "$(json '{x["place"] for x in h}')" "{'record'}" "from the record"
run 0 "the same indicators are not new the next time" fb intel retro
run 1 "--all" fb intel retro --all
like "$out" 'recorded 1 times, first 20.*; not looked at now' "says when it was seen"
like "$out" '^5 hits in the record of' "and how much"
run 1 "--since a generation" fb intel retro --since 1 --json
is "$(json 'len(h)')" 5 "all that came after it"
run 0 "--since the newest" fb intel retro --since 2
run 0 "--since a time to come" fb intel retro --since 2100-01-01T00:00:00Z
run 1 "--since a time ago" fb intel retro --since 2020-01-01T00:00:00Z --signal --reporter acme-soc --json
is "$(json 'len(d["signals"])')" 4 "hits become signals"
is "$(json 'sorted(s["signal"]["summary"] for s in d["signals"] if s["signal"]["source"] == "hunt.dns")')" \
	"['Capture \"w.pcap\" showed www.evil.example (c2)']" "that say what was seen where"
is "$(json '[s["signal"]["seen"] for s in d["signals"] if s["signal"]["source"] == "hunt.dns"]')" \
	"['2023-03-22T14:00:00Z']" "and when"
run 1 "with a file of indicators" fb intel retro --indicators edr.csv
# What one did not look for, the next one does.
cp -p "$S/intel/indicators.fbi" old.fbi
printf 'type,value\ndomain,www.evil.example\n' >again.csv
fb intel import again.csv >/dev/null
run 0 "--since a time to come" fb intel retro --since 2100-01-01T00:00:00Z
mv "$S/intel/indicators.fbi" "$S/intel/next.fbi" && mv old.fbi "$S/intel/indicators.fbi"
run 0 "an import that was recorded, and is not in its place yet" fb intel retro
fb intel block other.example >/dev/null
run 1 "is hunted back when it is" fb intel retro --json
is "$(json '[x["observed"] for x in h]')" "['www.evil.example']" "after both"
run 0 "once" fb intel retro
run 5 "an unknown generation" fb intel retro --since 77
run 3 "since when?" fb intel retro --since yesterday
run 6 "without a record" "$FIREBREAK" intel retro --state "$TMP/none"

# --- names, which anybody can make, push nothing else out of the list
if [ -z "${SANITIZED:-}" ]; then
	python3 -c "
import os
os.makedirs('crowd/a'); os.mkdir('crowd/z')
open('crowd/z/bad', 'w').write('worse')
open('crowd/a/0', 'w')
for n in range(1, 50050): os.link('crowd/a/0', 'crowd/a/%d' % n)"
	printf 'type,value\npath,**/crowd/a/*\nsha256,%s\n' "$(printf worse | sha256sum | cut -d' ' -f1)" >crowd.csv
	run 1 "a crowd of names" fb hunt crowd --indicators crowd.csv --no-record --json
	is "$(json '(len(h), d["hits_total"], [x["kind"] for x in h if x["kind"] != "file-path"])')" \
		"(50001, 50051, ['file-digest'])" "half of the list at most, and the digest is in it"
fi
tap_done
