#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# intel export: each format against a reader of it that is not ours, where there is one.
. "$(dirname "$0")/../support/tap.sh"
[ ! -w /dev/shm ] || { rmdir "$TMP"; TMP=$(mktemp -d /dev/shm/exportXXXXXX); }
cd "$TMP" || exit 1
now=2026-11-22T12:00:00Z
export FIREBREAK
fb() { "$FIREBREAK" "$@" --state "$TMP/state" --clock $now; }
export_() { # EXIT FORMAT NAME OPTIONS…
	local want=$1 format=$2 name=$3
	shift 3
	run "$want" "$name" "$FIREBREAK" intel export --state "$TMP/state" --clock $now --format "$format" "$@"
}
a=00112233445566778899aabbccddee
cat >bad.csv <<W
type,value,source,confidence,category,campaign,note,valid_from,valid_until,exact,side,tlp,licence,first_seen,last_seen
domain,evil.example.net,ir,90,c2,3cx-2023,"he said ""hi"", ok",2026-01-01,2027-01-01,,bad,green,CC0-1.0,2026-11-01,2026-11-20
domain,exact.bad.example.org,ir,90,c2,,,,,true,bad,red,,,
domain,over.bad.example.org,ir,90,c2,,,,2026-01-05,,bad,,,,
domain,later.bad.example.org,ir,90,c2,,,2027-01-05,,,bad,,,,
domain,weak.bad.example.org,ir,10,c2,,,,,,bad,,,,
domain,github.io,ir,90,c2,,,,,,bad,,,,
domain,tenant.github.io,ir,90,c2,,,,,,bad,,,,
domain,a.b.evil.example.net,ir,90,c2,,,,,,bad,,,,
ipv4,198.51.100.7,ir|feed2,80,c2,,,,2026-12-01T00:00:00.5Z,,bad,amber,,,
ipv4,198.51.100.0/24,ir,80,c2,,,,,,bad,,,,
ipv4,198.51.100.128/25,ir,80,c2,,,,,,bad,,,,
ipv4,10.1.2.3,ir,80,c2,,,,,,bad,,,,
ipv6,2001:db8::1,ir,80,c2,,,,,,bad,,,,
ipv6,2001:db8:5::/48,ir,80,c2,,,,,,bad,,,,
ip-port,203.0.113.9:443,ir,80,c2,,,,,,bad,,,,
ip-port,[2001:db8::9]:8443,ir,80,c2,,,,,,bad,,,,
md5,${a}ff,ir,80,,,,,,,bad,,,,
sha1,${a}ff00112233,ir,80,,,,,,,bad,,,,
sha256,$(printf 'planted\n' | sha256sum | cut -d' ' -f1),ir,80,,,,,,,bad,,,,
sha512,$a$a$a${a}01234567,ir,80,,,,,,,bad,,,,
imphash,${a}aa,ir,80,,,,,,,bad,,,,
authentihash,${a}ff00112244,ir,80,,,,,,,bad,,,,
url,http://evil.example.net/a'b\\c,ir,80,,,,,,,bad,,,,
registry,HKLM\\Software\\Evil,ir,80,,,,,,,bad,,,,
mutex,Global\\x'y,ir,80,,,,,,,bad,,,,
path,C:\\Windows\\Temp\\evil.dll,ir,80,,,,,,,bad,,,,
path,**/evil/*.exe,ir,80,,,,,,,bad,,,,
file-name,o'evil.exe,ir,80,,,"line, with ""quotes"" and = signs",,,,bad,,,,
cert,${a}ff00112255,ir,80,,,,,,,bad,,,,
cert-serial,0123456789abcdef01,ir,80,,,,,,,bad,,,,
email,a'b@evil.example.net,ir,80,,,,,,,bad,,,,
ja3,${a}bb,ir,80,,,,,,,bad,,,,
domain,good.evil.example.net,wl,80,vendor,,,,,,benign,,,,
domain,p.q.evil.example.net,wl,80,vendor,,,,,,benign,,,,
domain,only.evil.example.net,wl,80,top-site,,,,,true,benign,,,,
ipv4,198.51.100.53,wl,80,resolver,,,,,,benign,,,,
W
export_ 6 csv 'no state'
[ ! -e state ] || [ -z "$(ls -A state/intel 2>/dev/null)" ]
ok $? 'and none is made'
run 0 'import' fb intel import bad.csv

# --- CSV: what goes out comes back the same ---
export_ 0 csv csv --out one.csv
export_ 0 csv 'the benign ones' --benign --out one-benign.csv
"$FIREBREAK" intel import one.csv one-benign.csv --state "$TMP/two" --clock 2026-11-23T00:00:00Z >/dev/null
"$FIREBREAK" intel export --format csv --state "$TMP/two" 2>/dev/null >two.csv
cmp -s one.csv two.csv
ok $? 'imported and exported again, it is the same'
"$FIREBREAK" intel export --format csv --benign --state "$TMP/two" 2>/dev/null | cmp -s one-benign.csv -
ok $? 'the benign ones, too'
export_ 0 csv 'only what is in force' --in-force
like "$err" '2  have ended or not begun' 'the others are counted'
export_ 0 csv 'up to TLP' --tlp green --source ir
[ "$(grep -c 'exact.bad\|amber' <<<"$out")" = 0 ]
ok $? 'stricter ones are left out'
export_ 0 csv 'weighed' --min-confidence 30 --type domain
is "$(grep -c weak <<<"$out")" 0 'a weak one is left out'
export_ 3 csv 'a zone is for rpz' --zone x.example
export_ 3 nonsense 'an unknown format'
export_ 3 suricata 'suricata needs a folder'
export_ 3 rpz 'no benign zones' --benign
export_ 4 csv 'a folder that is not there' --out no/such/file
mkfifo pipe
export_ 4 csv 'what is no file is not replaced' --out pipe
mkdir full && echo old >full/x.csv
(ulimit -f 0; trap '' XFSZ; fb intel export --format csv --out full/x.csv) 2>/dev/null
is "$(ls -A full) $(cat full/x.csv)" 'x.csv old' 'what cannot be written leaves the old file, and nothing else'

# --- STIX ---
export_ 0 stix stix --out one.json
like "$err" 'cannot be written' 'a path with wildcards is left out and counted'
python3 - one.json >stix.out 2>&1 <<'P'
import json, re, sys
b = json.load(open(sys.argv[1]))
uuid5 = re.compile(r'^[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')
time = re.compile(r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$')
assert set(b) == {'type', 'id', 'objects'} and b['type'] == 'bundle' and uuid5.match(b['id'])
ids = [o['id'] for o in b['objects']]
assert len(ids) == len(set(ids))
tlp = {'bab4a63c-aed9-4cf5-a766-dfca5abac2bb': 'green', '55d920b0-5e8b-4f79-9ee9-91f868d9b421': 'amber',
       'e828b379-4e03-4974-9ac4-e53a884c97c1': 'red'}
for o in b['objects']:
    assert o['spec_version'] == '2.1' and o['id'].startswith(o['type'] + '--')
    assert time.match(o['created'])
    for k, v in o.items():
        if k.endswith('_ref'):
            assert v in ids, v
        if k.endswith('_refs'):
            assert v and all(x in ids for x in v)
        assert v != [] and v != {} and v is not None
    if o['type'] == 'marking-definition':
        assert 'modified' not in o
        short = o['id'].split('--')[1]
        if short in tlp:
            (e,) = o['extensions'].values()
            assert e == {'extension_type': 'property-extension', 'tlp_2_0': tlp[short]}
        else:
            assert uuid5.match(o['id']) and o['definition_type'] == 'statement'
        continue
    assert uuid5.match(o['id']) and time.match(o['modified']) and o['modified'] >= o['created']
    if o['type'] == 'indicator':
        assert o['pattern_type'] == 'stix' and time.match(o['valid_from'])
        assert 'valid_until' not in o or o['valid_until'] > o['valid_from']
        assert 0 <= o['confidence'] <= 100
    elif o['type'] == 'relationship':
        assert o['relationship_type'] == 'indicates'
    else:
        assert o['type'] in ('identity', 'campaign') and o['name']
pat = [o['pattern'] for o in b['objects'] if o['type'] == 'indicator']
assert "[url:value = 'http://evil.example.net/a\\'b\\\\c']" in pat, pat
assert "[ipv4-addr:value ISSUBSET '198.51.100.0/24']" in pat
assert "[windows-registry-key:key = 'HKEY_LOCAL_MACHINE\\\\software\\\\evil']" in pat
print(len(pat))
P
is "$(cat stix.out)" 31 'the bundle keeps the rules of STIX 2.1, with 31 indicators'
"$FIREBREAK" intel import one.json --state "$TMP/three" --clock $now >/dev/null
"$FIREBREAK" intel export --format csv --state "$TMP/three" 2>/dev/null >three.csv
is "$(diff <(grep -v '^ja3\|[*]\*' one.csv | cut -d, -f1-4 | sort) <(cut -d, -f1-4 three.csv | sort))" '' \
	'imported again: all values, sources and confidences'
like "$(grep ^domain,evil three.csv)" '90,c2,3cx-2023,"he said ""hi"", ok",2026-01-01T00:00:00Z,2027-01-01T00:00:00Z,,bad,green,CC0-1.0,2026-11-01T00:00:00Z,2026-11-20T00:00:00Z' \
	'and all that is said of one'
fb intel export --format stix 2>/dev/null | cmp -s one.json -
ok $? 'the same bytes again'

# --- RPZ ---
export_ 0 rpz rpz --out zone
like "$err" '4 exceptions' 'with exceptions'
is "$(grep -c later zone)" 0 'and without what has not begun'
if command -v named-checkzone >/dev/null; then
	run 0 'named-checkzone' named-checkzone firebreak.rpz zone
else
	skip 'named-checkzone' 'bind9-utils is not installed'
fi
# What the zone does, by the rules of RFC 4592, is what intel show says of each name.
python3 - zone >rpz.out 2>&1 <<'P'
import json, os, subprocess, sys
zone = {}
for l in open(sys.argv[1]):
    f = l.split()
    if len(f) == 3 and f[1] == 'CNAME':
        assert f[0] not in zone, f[0]
        zone[f[0]] = f[2]
nodes = {'.'.join(n.split('.')[i:]) for n in zone for i in range(n.count('.') + 1)}
def look(name):
    if name in zone:
        return zone[name]
    if name in nodes:
        return None
    while '.' in name:
        name = name.split('.', 1)[1]
        if name in nodes:
            return zone.get('*.' + name)
    return None
names = []
for base in ('evil.example.net', 'exact.bad.example.org', 'over.bad.example.org',
             'weak.bad.example.org', 'github.io', 'tenant.github.io', 'other.github.io', 'a.b.evil.example.net',
             'b.evil.example.net', 'good.evil.example.net', 'q.evil.example.net', 'p.q.evil.example.net',
             'r.q.evil.example.net', 'only.evil.example.net', 'z.b.evil.example.net', 'example.net'):
    names += [base, 'x.' + base, 'y.x.' + base]
out = subprocess.run([os.environ['FIREBREAK'], 'intel', 'show', '-', '--json', '--state', 'state', '--clock',
                      '2026-11-22T12:00:00Z'], input='\n'.join(names), capture_output=True, text=True).stdout
block = {}
for l in out.splitlines():
    h = json.loads(l)
    block[h['value']] = block.get(h['value'], False) or h['block']
bad = [n for n in names if (look(n) == '.') != block.get(n, False)]
print(bad, sum(block.values()))
P
is "$(cat rpz.out)" '[] 25' 'the zone blocks what intel show would block, and nothing else'
like "$(cat zone)" '^48.zz.5.db8.2001.rpz-ip CNAME \.' 'addresses as BIND writes them'
export_ 0 rpz 'a zone of another name' --zone block.example --type domain
like "$out" '^\$ORIGIN block.example\.$' 'has it'
[ "$(grep -c rpz-ip <<<"$out")" = 0 ]
ok $? 'and only names'

# What is one's own is never blocked, whoever lists it.
fb intel own add example.net >/dev/null
export_ 0 rpz 'one'"'"'s own' --type domain
is "$(grep -c example.net <<<"$out")" 0 'is not in the zone'
fb intel own remove example.net >/dev/null
export_ 0 rpz 'not any more'
is "$(md5sum <<<"$out")" "$(md5sum <zone)" 'as before'

# --- nftables ---
export_ 0 nftables nftables --out set.nft
like "$(cat set.nft)" 'block4 \{ 198.51.100.7 timeout 734401s \}' 'a claim that ends has a timeout'
like "$(cat set.nft)" 'net4 \{ 198.51.100.0/24 \}' 'a network inside of another is left out'
like "$(cat set.nft)" 'pass4 \{ 198.51.100.53 \}' 'what is ordinary inside a network is an exception'
is "$(grep -c 10.1.2.3 set.nft)" 0 'what is held is not in it'
if command -v nft >/dev/null && unshare -n true 2>/dev/null; then
	run 0 'nft takes it, twice' unshare -n sh -c 'nft -c -f set.nft && nft -f set.nft && nft -f set.nft && nft list table inet firebreak'
	like "$out" '203.0.113.9 . 443' 'with ports'
else
	skip 'nft' 'nft is not installed, or no network namespace'
fi

# --- YARA, osquery, Suricata ---
export_ 0 yara yara --out rules.yar
if command -v yara >/dev/null; then
	printf 'planted\n' >planted
	printf 'honest\n' >honest
	run 0 'yara compiles it' yara rules.yar planted
	is "$out" 'firebreak_sha256_1 planted' 'and finds the file'
	is "$(yara rules.yar honest)" '' 'and no other'
else
	skip 'yara' 'yara is not installed'
fi
export_ 0 osquery osquery --out pack.json
python3 - pack.json >pack.out 2>&1 <<'P'
import json, sqlite3, sys
db = sqlite3.connect(':memory:')
db.executescript('''create table processes(pid, name, path, cmdline); create table hash(path, md5, sha1, sha256);
create table dns_cache(name, type); create table process_open_sockets(pid, remote_address, remote_port);
create table certificates(common_name, issuer, path, sha1); insert into processes values (1, "O'Evil.exe", "/x", "");''')
rows = {}
for n, q in json.load(open(sys.argv[1]))['queries'].items():
    assert q['interval'] > 0 and set(q) <= {'query', 'interval', 'description', 'snapshot', 'platform'}
    rows[n] = len(db.execute(q['query']).fetchall())
print(len(rows), rows['firebreak_process_name_1'])
P
is "$(cat pack.out)" '9 1' 'nine queries that SQLite takes, and one finds the quoted name'
export_ 0 suricata suricata --out suri
is "$(base64 -d <suri/firebreak-domain.lst 2>/dev/null | head -c 20)" a.b.evil.example.net 'strings are base64'
is "$(cat suri/firebreak-ip.lst | paste -sd' ')" '198.51.100.7 2001:db8::1' 'addresses are text'
is "$(grep -c '^alert ' suri/firebreak.rules) $(grep -ho 'sid:[0-9]*' suri/*.rules | sort | uniq -d | wc -l)" '7 0' 'seven rules, no number twice'
if command -v suricata >/dev/null; then
	run 0 'suricata -T' suricata -T -S suri/firebreak.rules -l "$TMP"
else
	skip 'suricata -T' 'suricata is not installed'
fi
run 0 'the summary' fb intel export --format rpz --out zone --json
like "$out" '"ended":1,"held":1,"shared":0,"ordinary":0,"weak":1,"kind":18,"form":0,"covered":1' 'counts what was left out'
like "$out" '"written":9' 'and what was written'

# --- many ---
seq -f 'n%.0f.many.example.net' 3000 | sed 's/^/domain,/' >many.csv
sed -i 1i'type,value' many.csv
for i in $(seq 2500); do printf 'sha256,%064x\nipv4,100.%d.%d.1\n' $((i + 4096)) $((i % 50 + 130)) $((i / 50)); done >>many.csv
"$FIREBREAK" intel import many.csv --state "$TMP/many" >/dev/null
for f in stix yara osquery nftables rpz csv; do
	run 0 "many: $f" "$FIREBREAK" intel export --format $f --state "$TMP/many" --out "many.$f"
done
if command -v yara >/dev/null; then
	run 0 'yara compiles 2500 digests' yara many.yara bad.csv
fi
python3 -c 'import json; json.load(open("many.stix")); json.load(open("many.osquery"))'
ok $? 'JSON of any length is whole'
if command -v nft >/dev/null && unshare -n true 2>/dev/null; then
	run 0 'nft takes 2500 addresses' unshare -n nft -c -f many.nftables
fi
tap_done
